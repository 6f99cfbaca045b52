"""The part of an image that an enlarged box cuts out, and where its pixels lie on the image.

Pixels of the image, unless a name says input: pixels of the crop, which is ``input_size`` (w, h) large.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

# A box narrower than this shows no person; enlarging it would divide by nothing.
LEAST_SIDE = 1.0


def image_to_input(points: np.ndarray, meta: Mapping) -> np.ndarray:
    """(..., 2) px of the image to input px of the crop that ``input_center``, ``_scale`` and ``_size`` describe."""
    size, centre, scale = _window(meta)
    return (points - centre) / scale * size + 0.5 * size


def input_to_image(points: np.ndarray, meta: Mapping) -> np.ndarray:
    """(..., 2) input px to px of the image; the inverse of :func:`image_to_input`."""
    size, centre, scale = _window(meta)
    return (points - 0.5 * size) / size * scale + centre


def _window(meta: Mapping) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(meta[key], np.float64) for key in ('input_size', 'input_center', 'input_scale'))


def usable_box(box: np.ndarray, image_size: tuple[int, int]) -> bool:
    """Whether a box (4,) xyxy px is finite, a pixel or more wide and high, and shows a part of the (w, h) image."""
    box = np.asarray(box, np.float64)
    if box.shape != (4,) or not np.isfinite(box).all():
        return False
    inside = np.minimum(box[2:], image_size) - np.maximum(box[:2], 0)
    return bool((box[2:] - box[:2] >= LEAST_SIDE).all() and (inside > 0).all())


def crop_window(box: np.ndarray, padding: float, input_size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Centre and size (w, h), px of the image, of an enlarged box in the input's proportions.

    Args:
        box: (4,) xyxy px.
        padding: Enlargement of both sides.
        input_size: (w, h) of the network's input.
    """
    corners = np.asarray(box, np.float64).reshape(2, 2)
    sides = (corners[1] - corners[0]) * padding
    size = np.array(input_size, np.float64)
    return corners.mean(axis=0), size * (sides / size).max()


def cells_inside_image(
    size: tuple[int, int], stride: float, scale: np.ndarray, offset: np.ndarray, image_size: tuple[int, int]
) -> np.ndarray:
    """(h, w) bool: which cells of a network's maps have their middle inside of the image, and not in the padding.

    Args:
        size: (w, h) cells.
        stride: Input px per cell.
        scale: (2,) image px per input px, along x and y.
        offset: (2,) image px of the input's pixel 0.
        image_size: (width, height) px.
    """
    inside = []
    for cells, side, factor, first in zip(size, image_size, scale, offset, strict=True):
        places = ((np.arange(cells) + 0.5) * stride - 0.5) * factor + first
        inside.append((places > -0.5) & (places < side - 0.5))
    return inside[1][:, None] & inside[0][None]
