"""Cloth and floor patterns as small tiles that repeat without a seam, and palettes that colour them.

Shapes: S = 64 tile side, P patterns. Values 0..1 (mix of two colours) or grey levels 0..255.
"""

from __future__ import annotations

import cv2
import numpy as np

PATTERNS = ('plain', 'bands', 'pinstripes', 'checks', 'plaid', 'dots', 'blotches', 'grain')
PLAIN = PATTERNS.index('plain')
TILE = 64


def _tiles() -> np.ndarray:
    """(P, S, S) float32 mixes in the order of ``PATTERNS``."""
    y, x = np.mgrid[:TILE, :TILE]
    bands = ((y // 16) % 2).astype(np.float32)
    pinstripes = (x % 16 < 5).astype(np.float32)
    checks = ((x // 16 + y // 16) % 2).astype(np.float32)
    plaid = 0.5 * (x % 32 < 14) + 0.5 * (y % 32 < 14)
    dots = ((x % 32 - 16) ** 2 + (y % 32 - 16) ** 2 < 64).astype(np.float32)
    rng = np.random.default_rng(0)
    blotches = (smooth_noise(rng, (TILE, TILE), 6, wraps=True) > 128).astype(np.float32)
    grain = rng.random((TILE, TILE))
    return np.stack([np.zeros((TILE, TILE)), bands, pinstripes, checks, plaid, dots, blotches, grain]).astype(
        np.float32
    )


def smooth_noise(rng: np.random.Generator, shape: tuple, cells: int, wraps: bool = False) -> np.ndarray:
    """(h, w) uint8 noise with ``cells`` bumps along the longer side; ``wraps``: it repeats without a seam."""
    counts = [max(2, round(cells * side / max(shape))) for side in shape]
    grid = rng.integers(0, 256, counts, np.uint8)
    if not wraps:
        return cv2.resize(grid, shape[::-1], interpolation=cv2.INTER_CUBIC)
    (height, width), (rows, columns) = shape, counts
    grid = cv2.copyMakeBorder(grid, 2, 2, 2, 2, cv2.BORDER_WRAP)
    size = round(width * (columns + 4) / columns), round(height * (rows + 4) / rows)
    scaled = cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC)
    top, left = round(2 * height / rows), round(2 * width / columns)
    return np.ascontiguousarray(scaled[top : top + height, left : left + width])


def palette(rng: np.random.Generator, stops: int = 3, contrast: float = 1.0) -> np.ndarray:
    """(256, 1, 3) uint8 BGR colour ramp through ``stops`` random colours around a common one."""
    grey = rng.uniform(25, 225)
    base = grey + (rng.uniform(20, 235, 3) - grey) * rng.beta(1.0, 1.8)
    colours = np.clip(
        base + rng.normal(0, 55, (stops, 1)) * contrast + rng.normal(0, 22, (stops, 3)) * contrast, 0, 255
    )
    position = np.linspace(0, stops - 1, 256)
    ramp = np.stack([np.interp(position, np.arange(stops), channel) for channel in colours.T], -1)
    return ramp.astype(np.uint8)[:, None]


TILES = _tiles()
