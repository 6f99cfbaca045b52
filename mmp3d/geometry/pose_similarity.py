"""How alike two 2D poses, or two boxes, are: every one of a list with every one of another.

Shapes: N and M people, K joints. Any one unit of length, usually pixels.
"""

from __future__ import annotations

import numpy as np


def pairwise_oks(
    first: np.ndarray,
    first_weights: np.ndarray,
    second: np.ndarray,
    second_weights: np.ndarray,
    sizes: np.ndarray,
    sigmas: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """COCO's object keypoint similarity of every pose with every other, its joints weighted.

    A joint counts with the product of its two weights, so that one that either pose lacks (weight 0) does not count.

    Args:
        first: (N, K, 2), finite.
        first_weights: (N, K) from 0 on.
        second: (M, K, 2), finite.
        second_weights: (M, K).
        sizes: (N,) or (N, M) lengths that stand for the root of the area in COCO's formula, above 0.
        sigmas: (K,) of the joint set, see :attr:`mmp3d.geometry.Skeleton.sigmas`.

    Returns:
        (N, M) similarity from 0 to 1, 0 for two poses without a joint in common; and (N, M) number of common joints.
    """
    weights = first_weights[:, None] * second_weights
    squares = ((first[:, None] - second) ** 2).sum(axis=-1)
    sizes = np.asarray(sizes) if np.ndim(sizes) == 2 else np.asarray(sizes)[:, None]
    scale = 2 * sigmas * np.broadcast_to(sizes, weights.shape[:2])[..., None]
    total = weights.sum(axis=-1)
    likeness = (weights * np.exp(-squares / (2 * scale**2))).sum(axis=-1)
    return np.divide(likeness, total, out=np.zeros_like(total), where=total > 0), (weights > 0).sum(axis=-1)


def pairwise_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of every box with every other.

    Args:
        first: (N, 4) corners x1, y1, x2, y2.
        second: (M, 4).

    Returns:
        (N, M) from 0 to 1; 0 for a box without area or with a corner that is not finite.
    """
    low = np.maximum(first[:, None, :2], second[:, :2])
    high = np.minimum(first[:, None, 2:], second[:, 2:])
    common = np.maximum(high - low, 0).prod(axis=-1)
    union = _areas(first)[:, None] + _areas(second) - common
    return np.divide(common, union, out=np.zeros_like(common, dtype=float), where=(union > 0) & (common > 0))


def _areas(boxes: np.ndarray) -> np.ndarray:
    return np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=-1)
