"""Matching of the two branches as the paper's authors released it, beside eq. 5-6.

Shapes: N bottom-up and M top-down people, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

import numpy as np

from mmp3d.evaluation.functional.similarity import align_similarity
from mmp3d.geometry import MUPOTS17
from mmp3d.pipeline.matching import CameraPeople, Matches

# Pelvis first; ends of limbs and the head do not count.
_PARTS = ('hip', 'knee', 'shoulder', 'elbow')
_NAMES = ['pelvis', *(f'{side}_{part}' for part in _PARTS for side in ('right', 'left'))]
JOINTS = [MUPOTS17.joint_names.index(name) for name in _NAMES]
SIGMA = 50.0


def match_as_released(bottom_up: np.ndarray, top_down: np.ndarray) -> np.ndarray:
    """The most similar bottom-up person of each top-down person; one may serve several.

    Similar in shape alone: the bottom-up pose is brought onto the top-down pose by a similarity, and x and y of nine
    joints about the pelvis are compared; confidence, place and depth do not count.

    Args:
        bottom_up: (N, K, 3) mm.
        top_down: (M, K, 3) mm.

    Returns:
        (M,) numbers of bottom-up people, -1 where no pose is finite or none is there.
    """
    if not len(bottom_up) or not len(top_down):
        return np.full(len(top_down), -1)
    shape = (len(top_down), *bottom_up.shape)
    aligned = align_similarity(np.broadcast_to(bottom_up, shape), np.broadcast_to(top_down[:, None], shape))
    offsets = _limbs(aligned) - _limbs(top_down)[:, None]
    similarity = np.exp(-np.square(offsets).sum(axis=-1) / (2 * SIGMA**2)).mean(axis=-1)
    similarity = np.where(np.isfinite(similarity), similarity, 0)
    return np.where(similarity.max(axis=1) > 0, similarity.argmax(axis=1), -1)


def match_by_shape(bottom_up: CameraPeople, top_down: CameraPeople) -> Matches:
    """:func:`match_as_released` as the two branches take it; one bottom-up person may be in several pairs.

    Nobody stays as of the bottom-up branch alone: the release looks at nobody whom the top-down branch lacks.
    """
    chosen = match_as_released(np.asarray(bottom_up.keypoints_cam), np.asarray(top_down.keypoints_cam))
    found = np.flatnonzero(chosen >= 0)
    pairs = np.stack([chosen[found], found], axis=1)
    return Matches(pairs, np.zeros(0, np.int64), np.flatnonzero(chosen < 0))


def _limbs(poses: np.ndarray) -> np.ndarray:
    """(..., 9, 2) x and y of the joints, relative to the pelvis."""
    return poses[..., JOINTS, :2] - poses[..., JOINTS[:1], :2]
