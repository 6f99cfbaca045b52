from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.geometry import MUCO21
from mmp3d.synthetic.body import sample_body
from mmp3d.synthetic.kinematics import JOINT, forward_kinematics, rotation_about_vertical, rotations_from_angles


@given(st.integers(0, 2**31))
def test_rotations_are_proper(seed: int) -> None:
    angles = np.random.default_rng(seed).uniform(-180, 180, (4, 21, 3))
    rotations = rotations_from_angles(angles)
    np.testing.assert_allclose(
        rotations @ rotations.swapaxes(-1, -2), np.broadcast_to(np.eye(3), rotations.shape), atol=1e-12
    )
    np.testing.assert_allclose(np.linalg.det(rotations), 1, atol=1e-12)


@pytest.mark.parametrize(
    ('joint', 'axis', 'moved', 'direction'),
    [
        ('right_hip', 0, 'right_knee', (0, 0, 1)),
        ('left_shoulder', 0, 'left_elbow', (0, 0, 1)),
        ('right_knee', 0, 'right_ankle', (0, 0, -1)),
        ('right_shoulder', 1, 'right_elbow', (1, 0, 0)),
        ('left_hip', 1, 'left_knee', (-1, 0, 0)),
        ('pelvis', 0, 'neck', (0, 0, 1)),
    ],
)
def test_angles_are_anatomical(joint: str, axis: int, moved: str, direction: tuple) -> None:
    body = sample_body(np.random.default_rng(0))
    angles = np.zeros((21, 3))
    angles[JOINT[joint], axis] = 60
    rest, _ = forward_kinematics(body.offsets, rotations_from_angles(np.zeros((21, 3))))
    posed, _ = forward_kinematics(body.offsets, rotations_from_angles(angles))
    assert (posed - rest)[JOINT[moved]] @ direction > 100


def test_left_mirrors_right() -> None:
    angles = np.random.default_rng(3).uniform(-40, 40, (21, 3))
    mirror = MUCO21.flip_indices
    angles[[JOINT[name] for name in ('pelvis', 'spine', 'neck', 'head', 'head_top')], 1:] = 0
    body = sample_body(np.random.default_rng(0))
    posed, _ = forward_kinematics(body.offsets, rotations_from_angles(angles))
    mirrored, _ = forward_kinematics(body.offsets, rotations_from_angles(angles[mirror]))
    np.testing.assert_allclose(mirrored[mirror] * (-1, 1, 1), posed, atol=1e-9)


def test_heading_turns_forward_to_the_right() -> None:
    np.testing.assert_allclose(rotation_about_vertical(np.pi / 2) @ (0, 0, 1), (1, 0, 0), atol=1e-12)
