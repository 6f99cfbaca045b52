"""Which 2D joints of the annotated people were found, the people being matched so that as many as possible were.

Shapes: M predicted people, N annotated people, K joints. Pixels.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment


def close_joints(predicted: np.ndarray, keypoints: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """(M, N, K) bool: a predicted joint is at most the annotated person's tolerance from the annotated one.

    Args:
        predicted: (M, K, 2) px; NaN is far away.
        keypoints: (N, K, 2) px.
        tolerance: (N,) px.
    """
    distance = np.linalg.norm(predicted[:, None] - keypoints[None], axis=-1)
    return np.nan_to_num(distance, nan=np.inf) <= tolerance[:, None]


def found_joints(
    predicted: np.ndarray, keypoints: np.ndarray, counted: np.ndarray, tolerance: np.ndarray
) -> np.ndarray:
    """Joints that were found, under the one-to-one matching of people with the most of them.

    Args:
        predicted: (M, K, 2) px.
        keypoints: (N, K, 2) px.
        counted: (N, K) bool, joints that count.
        tolerance: (N,) px.

    Returns:
        (N, K) bool, False for joints that do not count and for people whom nobody matched.
    """
    close = close_joints(predicted, keypoints, tolerance) & counted
    rows, columns = linear_sum_assignment(-close.sum(axis=-1))
    found = np.zeros(counted.shape, bool)
    found[columns] = close[rows, columns]
    return found
