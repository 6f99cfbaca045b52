"""What the evaluation of the paper's release does to a predicted pose before it is compared.

Shapes: ``...`` any leading dimensions, K = 17 MuPoTS joints. Any one unit and frame for both poses.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mmp3d.evaluation.functional.bone_lengths import bones_of, map_bone_lengths, sum_along_chains, vector_lengths
from mmp3d.evaluation.functional.similarity import align_similarity
from mmp3d.geometry import MUPOTS17

ALIGNMENTS = {
    'bone_port': "annotated lengths by the release's port of the bone map, WHICH HANGS JOINTS ON WRONG PARENTS",
    'bone': 'annotated (official bone map)',
    'procrustes': 'as predicted, after SHIFT, TURN AND SCALE ONTO THE ANNOTATION',
    'none': 'as predicted',
}
# The joints in the order in which the release walks them; its list of parents by joint is that of MUPOTS17.
WALK = (15, 1, 0, 16, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)


def align_as_released(
    pred: np.ndarray, gt: np.ndarray, align: str = 'bone_port', gt_valid: np.ndarray | None = None
) -> np.ndarray:
    """Put both pelvises into the origin and fit the prediction to the annotation.

    After ``'procrustes'`` the predicted pelvis is no longer in the origin, and it is not put back.

    Args:
        pred: (..., K, 3).
        gt: (..., K, 3).
        align: One of ``ALIGNMENTS``: ``'bone_port'`` as shipped, ``'procrustes'`` as the release's comment and the
            authors' later GnTCN code, ``'bone'`` with the parents right, ``'none'``.
        gt_valid: (..., K) truth values; None: all joints are valid.

    Returns:
        (..., K, 3) float64: the fitted prediction minus the annotation, both relative to their pelvises.

    Raises:
        ValueError: ``align`` is something else.
    """
    if align not in ALIGNMENTS:
        raise ValueError(f'align must be one of {sorted(ALIGNMENTS)}, got {align!r}')
    root = MUPOTS17.root_index
    pred, gt = (np.asarray(pose, np.float64) - np.asarray(pose, np.float64)[..., root, None, :] for pose in (pred, gt))
    if align == 'bone_port':
        pred = map_bone_lengths_as_ported(pred, gt, gt_valid)
    elif align == 'bone':
        pred = map_bone_lengths(pred, gt, gt_valid)
    elif align == 'procrustes':
        pred = align_similarity(pred, gt, valid=gt_valid)
    return pred - gt


def map_bone_lengths_as_ported(pred: np.ndarray, gt: np.ndarray, gt_valid: np.ndarray | None = None) -> np.ndarray:
    """The bone map of the release, with the parent looked up by the step of the walk in place of the joint.

    So the right wrist hangs on the left shoulder, the spine on the neck and the neck on the spine; a joint whose wrong
    parent comes later in the walk starts from where that parent was predicted. Unlike the official map,
    :func:`map_bone_lengths`, this one sees the scale of the prediction. A bone of zero length has no direction: it,
    and all that hangs on it, is NaN. A bone whose annotation is not valid at both ends keeps its predicted length.

    Args:
        pred: (..., K, 3).
        gt: (..., K, 3).
        gt_valid: (..., K) truth values; None: all joints are valid.

    Returns:
        (..., K, 3) float64.
    """
    pred, gt = np.asarray(pred, np.float64), np.asarray(gt, np.float64)
    parents, starts, chains = _ported_tree()
    bones = bones_of(pred, parents)
    with np.errstate(invalid='ignore', divide='ignore'):
        scale = vector_lengths(bones_of(gt, parents)) / vector_lengths(bones)
        if gt_valid is not None:
            valid = np.asarray(gt_valid) > 0
            scale = np.where(valid & valid[..., parents], scale, 1.0)
        mapped_bones = bones * scale[..., None]
    return pred.take(starts, axis=-2) + sum_along_chains(mapped_bones, chains)


@lru_cache
def _ported_tree() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(K,) wrong parent of each joint, (K,) joint whose predicted place its chain starts from, (K, K) its bones."""
    parents, starts = np.arange(MUPOTS17.num_joints), np.arange(MUPOTS17.num_joints)
    chains = np.zeros((MUPOTS17.num_joints, MUPOTS17.num_joints))
    for step, joint in enumerate(WALK):
        parents[joint] = parent = MUPOTS17.parents[step]
        starts[joint], chains[joint] = starts[parent], chains[parent]
        chains[joint, joint] = 1
    return parents, starts, chains
