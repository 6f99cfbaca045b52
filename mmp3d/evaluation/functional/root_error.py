"""How far predicted roots are from the annotated ones (MRPE), and people matched by their absolute poses.

Shapes: F frames, G annotated people, P predicted people, K joints, M matched people of any frames. Camera frame,
millimetres.
"""

from __future__ import annotations

import numpy as np

from mmp3d.evaluation.functional.nearest_matching import mean_joint_distances


def nearest_poses(
    pred: np.ndarray,
    gt: np.ndarray,
    pred_present: np.ndarray,
    gt_present: np.ndarray,
    gt_valid: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The prediction whose absolute pose is nearest to each annotated person, in its own frame.

    Two people are as far apart as their joints are on average, as they stand in camera space. One prediction may
    serve several people; the first of several equally near ones wins. Source: MuPoTS-3D evaluation of VirtualPose.

    Args:
        pred: (F, P, K, 3) mm, padded.
        gt: (F, G, K, 3) mm, padded.
        pred_present: (F, P) bool.
        gt_present: (F, G) bool; people who are not to be scored are left out here.
        gt_valid: (F, G, K) truth values: joints that count. None: all do.

    Returns:
        (F, G) index of the prediction in its frame and (F, G) mean distance of the joints in mm; -1 and infinite where
        there is nobody or no prediction is finite.
    """
    if not pred_present.size or not gt_present.size:
        return np.full(gt_present.shape, -1), np.full(gt_present.shape, np.inf)
    valid = np.ones(gt.shape[:-1], bool) if gt_valid is None else gt_valid
    distances = mean_joint_distances(pred, gt, pred_present, gt_present, valid)
    nearest = distances.min(axis=-1)
    return np.where(np.isfinite(nearest), distances.argmin(axis=-1), -1), nearest


def root_errors(pred_roots: np.ndarray, gt_roots: np.ndarray) -> np.ndarray:
    """(M, 4) mm: distance between (M, 3) roots, and its parts along x, y and z without sign."""
    parts = np.abs(np.asarray(pred_roots, np.float64) - gt_roots)
    return np.concatenate([np.linalg.norm(parts, axis=-1, keepdims=True), parts], axis=-1)
