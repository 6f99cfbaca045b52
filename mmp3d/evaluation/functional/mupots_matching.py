"""Which predicted person stands for which annotated one: the official MuPoTS-3D rule, on 2D joints alone.

Shapes: F frames, G annotated people, P predicted people, K = 17 MuPoTS joints. Pixels of the full image.
"""

from __future__ import annotations

import numpy as np

MATCHED_JOINTS = slice(1, 14)
MATCH_RADIUS = 40.0


def match_people(
    pred_2d: np.ndarray,
    gt_2d: np.ndarray,
    pred_present: np.ndarray,
    gt_present: np.ndarray,
    gt_labelled: np.ndarray | None = None,
    radius: float = MATCH_RADIUS,
) -> np.ndarray:
    """Give each annotated person, in annotation order, the free prediction that shares most joints with it.

    Two joints agree when they differ by less than ``radius`` on x and on y. Joints 1 to 13 count (neck, limbs, hips).
    The first of several equally good predictions wins, none is used twice, and a person that no prediction agrees
    with in a single joint stays unmatched. Scores and 3D play no part. A predicted joint at exactly (0, 0), or one
    that is not finite, agrees with nothing. Source: evaluation script of MuPoTS-3D (Mehta et al., 3DV 2018).

    Args:
        pred_2d: (F, P, K, 2) px, padded.
        gt_2d: (F, G, K, 2) px, padded.
        pred_present: (F, P) bool.
        gt_present: (F, G) bool; people who are not to be scored are left out here.
        gt_labelled: (F, G, K) truth values: the joint has a 2D label. None: every joint has.
        radius: px.

    Returns:
        (F, G) index of the prediction in its frame, -1 where there is none.

    Examples:
        >>> people = np.random.default_rng(0).uniform(100, 200, (1, 2, 17, 2)) + [[[[0, 0]], [[400, 0]]]]
        >>> match_people(people[:, ::-1] + 10, people, np.ones((1, 2), bool), np.ones((1, 2), bool)).tolist()
        [[1, 0]]
    """
    frames, num_gt = gt_present.shape
    matches = np.full((frames, num_gt), -1)
    if not pred_present.size:
        return matches
    pred, gt = pred_2d[:, :, MATCHED_JOINTS], gt_2d[:, :, MATCHED_JOINTS]
    # Column by column: a reduction along an axis of two is many times slower.
    usable = (pred[..., 0] != 0) | (pred[..., 1] != 0)
    labelled = np.ones(gt_2d.shape[:-1], bool) if gt_labelled is None else np.asarray(gt_labelled) > 0
    labelled = labelled[:, :, MATCHED_JOINTS]
    free = pred_present.copy()
    ones = np.ones(labelled.shape[-1], np.float32)
    every_frame = np.arange(frames)
    for column in range(num_gt):
        within = np.abs(pred - gt[:, column, None]) < radius
        agree = within[..., 0] & within[..., 1] & usable & labelled[:, column, None]
        agreeing = (agree.astype(np.float32) @ ones) * free
        best = agreeing.argmax(axis=1)
        found = gt_present[:, column] & (agreeing[every_frame, best] > 0)
        matches[found, column] = best[found]
        free[every_frame[found], best[found]] = False
    return matches
