"""How sure a person's place can be when depth errors grow with the distance.

Shapes: N people. Camera frame, millimetres.
"""

from __future__ import annotations

import numpy as np
from scipy.special import erf

TOLERANCE = 250.0


def root_confidence(roots: np.ndarray, relative_error: float, tolerance: float = TOLERANCE) -> np.ndarray:
    """(N,) probability that a root lies within ``tolerance`` of the truth.

    Args:
        roots: (N, 3) mm.
        relative_error: Standard deviation of the depth, as a share of the distance; 0: certain.
        tolerance: mm.
    """
    if not relative_error:
        return np.ones(len(roots), np.float32)
    distances = np.linalg.norm(roots, axis=-1)
    return erf(tolerance / (np.sqrt(2) * relative_error * distances)).astype(np.float32)


def told_root_confidence(roots: np.ndarray, relative_errors: np.ndarray, tolerance: float = TOLERANCE) -> np.ndarray:
    """(N,) the same where each root's error is told: (N,) scales of Laplace distributions, as shares of distances."""
    return 1 - np.exp(-tolerance / (relative_errors * np.linalg.norm(roots, axis=-1)))
