"""Which predicted person stands for which annotated one in the evaluation of the paper's release: shape alone.

Shapes: F frames, G annotated people, P predicted people, K joints. Camera frame, millimetres.
"""

from __future__ import annotations

import numpy as np

from mmp3d.evaluation.functional.pose_errors import pa_mpjpe

SHAPE_RADIUS = 250.0
# Pairs aligned at a time: few enough to stay in a processor's cache.
BLOCK = 1 << 11


def match_people_by_shape(
    pred: np.ndarray,
    gt: np.ndarray,
    pred_present: np.ndarray,
    gt_present: np.ndarray,
    gt_valid: np.ndarray | None = None,
    radius: float = SHAPE_RADIUS,
) -> np.ndarray:
    """Give each annotated person the prediction of its frame whose shape is most alike.

    Two people are as far apart as their joints are on average after the prediction was shifted, turned and scaled
    onto the annotation. The place of a person, in the image and in space, plays no part, and one prediction may serve
    several people. The first of several equally near predictions wins. A person whose nearest prediction is farther
    than ``radius`` away, or that has none, stays unmatched; a prediction that is not finite serves nobody. Source:
    matcher of the paper's release (which stops with an error where a frame has no prediction).

    Args:
        pred: (F, P, K, 3) mm, padded.
        gt: (F, G, K, 3) mm, padded.
        pred_present: (F, P) bool.
        gt_present: (F, G) bool; people who are not to be scored are left out here.
        gt_valid: (F, G, K) truth values: joints that count. None: all do.
        radius: mm; a prediction exactly as far away still matches.

    Returns:
        (F, G) index of the prediction in its frame, -1 where there is none.
    """
    if not pred_present.size or not gt_present.size:
        return np.full(gt_present.shape, -1)
    frames, people, guesses = np.nonzero(gt_present[:, :, None] & pred_present[:, None])
    if gt_valid is not None and (np.asarray(gt_valid)[gt_present] > 0).all():
        gt_valid = None
    distances = np.full((*gt_present.shape, pred_present.shape[1]), np.inf)
    for start in range(0, len(frames), BLOCK):
        pairs = slice(start, start + BLOCK)
        person, guess = (frames[pairs], people[pairs]), (frames[pairs], guesses[pairs])
        means = pa_mpjpe(pred[guess], gt[person], None if gt_valid is None else gt_valid[person])
        distances[frames[pairs], people[pairs], guesses[pairs]] = np.where(np.isfinite(means), means, np.inf)
    return np.where(distances.min(axis=-1) <= radius, distances.argmin(axis=-1), -1)
