"""Forward kinematics of the MuCo-21 skeleton.

Shapes: ... any leading dimensions (people, frames), J = 21 joints. Body frame: origin at the pelvis, x to the
person's right, y down, z forward (the way the person faces); millimetres, degrees where a name says so.
"""

from __future__ import annotations

import numpy as np

from mmp3d.geometry.joint_sets import MUCO21_NAMES, MUCO21_PARENTS

JOINT = {name: index for index, name in enumerate(MUCO21_NAMES)}
FLEX, ABDUCT, TWIST = 0, 1, 2

_ORDER = tuple(JOINT[name] for name in (
    'spine', 'neck', 'head', 'head_top', 'right_shoulder', 'right_elbow', 'right_wrist', 'right_hand',
    'left_shoulder', 'left_elbow', 'left_wrist', 'left_hand', 'right_hip', 'right_knee', 'right_ankle', 'right_toe',
    'left_hip', 'left_knee', 'left_ankle', 'left_toe'))  # fmt: skip
_AXIAL = ('pelvis', 'spine', 'neck', 'head', 'head_top')


def _signs() -> np.ndarray:
    """(J, 3) sign that turns an anatomical angle into a right-handed rotation about x, z and y."""
    signs = np.ones((len(MUCO21_NAMES), 3))
    for name, joint in JOINT.items():
        if name in _AXIAL or name.endswith('knee'):
            signs[joint, FLEX] = -1
        if name.startswith('right_'):
            signs[joint, [ABDUCT, TWIST]] = -1
    return signs


_SIGNS = _signs()


def rotations_from_angles(angles: np.ndarray) -> np.ndarray:
    """Local rotations from anatomical angles.

    Args:
        angles: (..., J, 3) degrees: flexion (forward bend of the trunk), abduction (away from the midline; roll to
            the right for the trunk), inward twist about the bone.

    Returns:
        (..., J, 3, 3) rotation matrices ``Rz(abduction) Rx(flexion) Ry(twist)``.
    """
    radians = np.radians(angles * _SIGNS)
    (sa, sb, sc), (ca, cb, cc) = np.moveaxis(np.sin(radians), -1, 0), np.moveaxis(np.cos(radians), -1, 0)
    rotations = np.empty((*angles.shape, 3))
    rotations[..., 0, 0], rotations[..., 0, 1], rotations[..., 0, 2] = (
        cb * cc - sb * sa * sc,
        -sb * ca,
        cb * sc + sb * sa * cc,
    )
    rotations[..., 1, 0], rotations[..., 1, 1], rotations[..., 1, 2] = (
        sb * cc + cb * sa * sc,
        cb * ca,
        sb * sc - cb * sa * cc,
    )
    rotations[..., 2, 0], rotations[..., 2, 1], rotations[..., 2, 2] = -ca * sc, sa, ca * cc
    return rotations


def rotation_about_vertical(angle: np.ndarray) -> np.ndarray:
    """(...) radians to (..., 3, 3): turns the forward axis +z towards +x."""
    sin, cos, zero = np.sin(angle), np.cos(angle), np.zeros_like(angle)
    rows = (cos, zero, sin), (zero, zero + 1, zero), (-sin, zero, cos)
    return np.stack([np.stack(row, -1) for row in rows], -2)


def forward_kinematics(offsets: np.ndarray, rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Joint positions and bone frames relative to the pelvis.

    The head and the head top hang on the head's own rotation, so that turning the head leaves the shoulders alone.

    Args:
        offsets: (..., J, 3) mm, each joint seen from its parent in the rest pose; leading dimensions broadcast.
        rotations: (..., J, 3, 3) local rotations; the pelvis's one holds the heading.

    Returns:
        (..., J, 3) mm positions with the pelvis at zero, and (..., J, 3, 3) global rotation of each joint's bone.
    """
    frames = rotations.copy()
    positions = np.zeros(rotations.shape[:-1])
    head = JOINT['head']
    for joint in _ORDER:
        parent = MUCO21_PARENTS[joint]
        frames[..., joint, :, :] = frames[..., parent, :, :] @ rotations[..., joint, :, :]
        carrier = head if joint in (head, JOINT['head_top']) else parent
        positions[..., joint, :] = (
            positions[..., parent, :] + (frames[..., carrier, :, :] @ offsets[..., joint, :, None])[..., 0]
        )
    return positions, frames
