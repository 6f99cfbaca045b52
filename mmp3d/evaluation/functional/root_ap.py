"""Average precision of the absolute root position (AP_25^root), as RootNet's MuPoTS-3D evaluation defines it.

Shapes: F frames, P predictions and G annotated people of a frame, D detections of the whole set. Camera frame,
millimetres.
"""

from __future__ import annotations

import numpy as np

FARTHEST = 9999.0


def nearest_roots(
    pred_roots: np.ndarray, gt_roots: np.ndarray, gt_present: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The annotated root that is nearest to each predicted one, in its own frame.

    Args:
        pred_roots: (F, P, 3) mm, padded.
        gt_roots: (F, G, 3) mm, padded.
        gt_present: (F, G) bool.

    Returns:
        (F, P) index of the annotated person, the first of several that are equally near, and (F, P) distance in mm;
        infinite where a frame has nobody or the prediction is not finite.
    """
    shape = pred_roots.shape[:2]
    if not gt_present.size or not pred_roots.size:
        return np.zeros(shape, int), np.full(shape, np.inf)
    distances = np.linalg.norm(pred_roots[:, :, None] - gt_roots[:, None], axis=-1)
    distances = np.where(gt_present[:, None] & np.isfinite(distances), distances, np.inf)
    return distances.argmin(axis=-1), distances.min(axis=-1)


def rank_true_positives(
    scores: np.ndarray, nearest: np.ndarray, distances: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Order detections by score and tell which of them find somebody new.

    A detection is right if the person nearest to it is less than ``radius`` away and no higher-scored detection has
    taken that person; it gets no second choice. Hence, of the detections near a person, exactly the first is right.

    Args:
        scores: (D,) higher is surer; equal scores keep their order, NaN comes last.
        nearest: (D,) number of the nearest annotated person, unique over the whole set.
        distances: (D,) mm to that person.
        radius: mm.

    Returns:
        (D,) bool, right or wrong, and (D,) the order of the detections; both from the surest on.
    """
    order = np.argsort(-np.asarray(scores, np.float64), kind='stable')
    hits = np.flatnonzero(np.asarray(distances)[order] < min(radius, FARTHEST))
    _, first = np.unique(np.asarray(nearest)[order][hits], return_index=True)
    right = np.zeros(len(order), bool)
    right[hits[first]] = True
    return right, order


def precision_recall(right: np.ndarray, num_gt: int) -> tuple[np.ndarray, np.ndarray]:
    """(D,) precision and (D,) recall after each detection, given (D,) ``right`` in order and the people to find."""
    found = np.cumsum(right)
    return found / np.arange(1, len(right) + 1), found / num_gt if num_gt else np.full(len(right), np.nan)


def average_precision(right: np.ndarray, num_gt: int, first_rectangle: bool = False) -> float:
    """Area under the raw precision-recall curve, as a sum of right-hand rectangles.

    There is no precision envelope and no interpolation. The reference's sum starts at the second detection, so that
    the area that the surest one contributes is lost: one perfect detection of one person scores 0, N of N score
    1 - 1/N. ``first_rectangle`` adds it back, which gives the textbook area.

    Args:
        right: (D,) bool from the surest detection on.
        num_gt: Number of annotated people in the whole set.
        first_rectangle: Count the first detection's area as well.

    Returns:
        A value in [0, 1]; NaN if there is nobody to find, 0 if nothing was detected.

    Examples:
        >>> average_precision(np.array([True, True, False, True]), num_gt=4)
        0.4375
        >>> average_precision(np.array([True, True, False, True]), num_gt=4, first_rectangle=True)
        0.6875
    """
    if num_gt == 0:
        return float('nan')
    precision, recall = precision_recall(right, num_gt)
    steps = np.diff(recall, prepend=0.0)
    if not first_rectangle:
        steps[:1] = 0
    return float((precision * steps).sum())
