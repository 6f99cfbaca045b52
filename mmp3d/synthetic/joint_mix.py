"""Joints of other data sets on our bodies: each is a mix of the 21 joints that the bodies have.

Shapes: ... leading dimensions, J = 21 MuCo joints, K joints of another set.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mmp3d.geometry.skeleton import MUCO21, Skeleton


def _between(first: str, second: str, share: float) -> dict[str, float]:
    """The point that is ``share`` of the way from the first to the second joint."""
    return {first: 1 - share, second: share}


def _sided(part: str, first: str, second: str, share: float) -> dict[str, dict[str, float]]:
    """The same point on both sides; ``{}`` stands for the side."""
    return {f'{side}_{part}': _between(first.format(side), second.format(side), share) for side in ('right', 'left')}


# Along the back from the neck down; where they lie in real data depends on the figure.
_COMMON = {
    'spine0': _between('neck', 'spine', 0.3), 'spine1': _between('neck', 'spine', 0.65),
    'spine2': {'spine': 1.0}, 'spine3': _between('spine', 'pelvis', 0.5), 'spine4': {'pelvis': 1.0},
    'spine_base': {'pelvis': 1.0}, 'spine_lower': _between('pelvis', 'spine', 0.5),
    'spine_upper': _between('spine', 'neck', 0.4),
    **_sided('clavicle', 'neck', '{}_shoulder', 0.3), **_sided('clavicle_base', 'neck', '{}_shoulder', 0.0),
    **_sided('foot', '{}_ankle', '{}_toe', 0.7), **_sided('thumb_base', '{}_wrist', '{}_hand', 0.0),
    **_sided('thumb', '{}_wrist', '{}_hand', 0.6), **_sided('hand_end', '{}_hand', '{}_wrist', 0.0),
}  # fmt: skip
_OWN = {
    # SMPL's neck is above the line of the shoulders, its head where the neck meets the skull.
    'smpl24': {'neck': _between('neck', 'head_top', 0.2), 'head': _between('neck', 'head_top', 0.45)},
    # Human3.6M's head is lower than that of MuPoTS.
    'h36m17': {'head': _between('neck', 'head', 0.75)},
    'h36m32': {'head': _between('neck', 'head', 0.75)},
}  # fmt: skip


@lru_cache(maxsize=8)
def mix_of(skeleton: Skeleton) -> np.ndarray:
    """(K, J) float64 weights; rows sum to 1.

    Raises:
        ValueError: The bodies have no such joint.
    """
    mixes = {**{name: {name: 1.0} for name in MUCO21.joint_names}, **_COMMON, **_OWN.get(skeleton.name, {})}
    unknown = [name for name in skeleton.joint_names if name not in mixes]
    if unknown:
        raise ValueError(f'bodies have no joint for {unknown} of {skeleton.name!r}')
    matrix = np.zeros((skeleton.num_joints, MUCO21.num_joints))
    for row, name in enumerate(skeleton.joint_names):
        for joint, share in mixes[name].items():
            matrix[row, MUCO21.joint_names.index(joint)] += share
    return matrix


def mixed(joints: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """(..., J, C) joints of our bodies to (..., K, C) joints of another set."""
    return mix_of(skeleton) @ joints
