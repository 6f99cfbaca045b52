"""Between metric depth and the focal-normalised depth that networks predict.

A network that sees a resized image can know Z / f (millimetres of body per pixel), not Z: f is the focal length in
pixels of the image that it sees. These two functions are the only place where that factor enters or leaves.
"""

from __future__ import annotations

import numpy as np


def normalize_depth(depth: np.ndarray, focal: float) -> np.ndarray:
    """Depth Z in mm to focal-normalised depth Z / f in mm per pixel of the image with focal length ``focal`` px."""
    return np.asarray(depth, np.float32) / np.float32(focal)


def metric_depth(normalized: np.ndarray, focal: float) -> np.ndarray:
    """Focal-normalised depth in mm per pixel back to Z in mm, for an image with focal length ``focal`` px."""
    return np.asarray(normalized, np.float32) * np.float32(focal)
