"""Predictions given to annotated people one to one, nearest pair first.

Shapes: F frames, G annotated people, P predicted people, K joints, C coordinates (2 or 3).
"""

from __future__ import annotations

import numpy as np


def mean_joint_distances(
    pred: np.ndarray, gt: np.ndarray, pred_present: np.ndarray, gt_present: np.ndarray, gt_valid: np.ndarray
) -> np.ndarray:
    """Mean distance over the annotated joints between everybody annotated and everybody predicted in a frame.

    Args:
        pred: (F, P, K, C) any unit, padded.
        gt: (F, G, K, C) same unit, padded.
        pred_present: (F, P) bool.
        gt_present: (F, G) bool.
        gt_valid: (F, G, K) truth values: joints that count.

    Returns:
        (F, G, P) float64; infinite where one of the two is not there, the prediction is not finite, or no joint counts.
    """
    distances = np.full((*gt_present.shape, pred_present.shape[1]), np.inf)
    weight = (np.asarray(gt_valid) > 0).astype(np.float64)
    weight /= np.maximum(weight.sum(axis=-1, keepdims=True), 1)
    for column in range(gt_present.shape[1]):
        with np.errstate(invalid='ignore'):
            joints = np.linalg.norm(pred - gt[:, column, None], axis=-1)
            mean = (joints * weight[:, column, None]).sum(axis=-1)
        there = pred_present & gt_present[:, column, None] & weight[:, column].any(axis=-1)[:, None]
        distances[:, column] = np.where(there & np.isfinite(mean), mean, np.inf)
    return distances


def match_nearest(distances: np.ndarray, radius: float = np.inf) -> np.ndarray:
    """Pair people off in every frame: always the nearest pair of which both are still free.

    Args:
        distances: (F, G, P), any unit; infinite where two cannot be paired.
        radius: Pairs as far apart as this, or farther, are not made.

    Returns:
        (F, G) index of the prediction, -1 where there is none. Of equally near pairs the first in annotation order,
        then in the order of prediction, is taken.
    """
    frames, num_gt, num_pred = distances.shape
    matches = np.full((frames, num_gt), -1)
    if not distances.size:
        return matches
    open_pairs = np.where(distances < radius, distances, np.inf)
    every_frame = np.arange(frames)
    for _ in range(min(num_gt, num_pred)):
        nearest = open_pairs.reshape(frames, -1).argmin(axis=1)
        person, prediction = np.divmod(nearest, num_pred)
        found = np.isfinite(open_pairs[every_frame, person, prediction])
        matches[every_frame[found], person[found]] = prediction[found]
        open_pairs[every_frame[found], person[found]] = np.inf
        open_pairs[every_frame[found], :, prediction[found]] = np.inf
    return matches
