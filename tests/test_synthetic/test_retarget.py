from __future__ import annotations

import numpy as np
import pytest

from mmp3d.synthetic.body import sample_body, standard_body
from mmp3d.synthetic.bvh import parse_bvh, read_bvh
from mmp3d.synthetic.kinematics import JOINT
from mmp3d.synthetic.landmarks import find_landmarks
from mmp3d.synthetic.posing import stand_bodies
from mmp3d.synthetic.retarget import Recording, retarget
from tests.shared_data import shared_path
from tests.test_synthetic.bvh_text import JOINTS, bvh_text

SITE_NAMES = {'LeftUpLeg': 'lThigh', 'LeftLeg': 'lShin', 'LeftFoot': 'lFoot', 'LeftArm': 'UpperArm_L'}


def _recording(frames: list[dict], **changes) -> Recording:
    return retarget(parse_bvh(bvh_text(frames, **changes), 'clip'), 'clip')


def _joints(recording: Recording, body=None) -> np.ndarray:
    body = body or standard_body()
    ground, lift = recording.ground[None] * body.leg_length, recording.lift[None] * body.leg_length
    return stand_bodies([body], recording.rotations[None].copy(), ground, recording.heading[None], lift)[0][0]


def _direction(joints: np.ndarray, start: str, end: str) -> np.ndarray:
    bone = joints[..., JOINT[end], :] - joints[..., JOINT[start], :]
    return bone / np.linalg.norm(bone, axis=-1, keepdims=True)


def test_t_pose_stands_upright_on_the_floor_with_its_arms_out() -> None:
    joints = _joints(_recording([{}] * 3))[0]
    body = standard_body()
    np.testing.assert_allclose(-joints[JOINT['head_top'], 1], body.height, atol=8)
    np.testing.assert_allclose((joints[:, 1] + body.clearance).max(), 0, atol=1e-9)
    np.testing.assert_allclose(_direction(joints, 'left_shoulder', 'left_wrist'), (-1, 0, 0), atol=1e-9)
    np.testing.assert_allclose(_direction(joints, 'right_shoulder', 'right_wrist'), (1, 0, 0), atol=1e-9)
    np.testing.assert_allclose(_direction(joints, 'left_hip', 'left_ankle'), (0, 1, 0), atol=1e-9)
    assert joints[JOINT['left_toe'], 2] > joints[JOINT['left_ankle'], 2] + 100  # the feet point ahead, to +z


def test_a_bent_arm_a_turn_and_a_step_arrive() -> None:
    bent = {'LeftArm': (-90, 0, 0), 'LeftForeArm': (0, 0, -90), 'Head': (0, 0, 30)}
    recording = _recording([{}, {**bent}, {'at': (-1, 2, 0.5), 'Hips': (0, 0, -90)}])
    np.testing.assert_allclose(recording.ground, [(0, 0), (0, 0), (0.5, 0.25)], atol=1e-9)  # legs are 2 units long
    np.testing.assert_allclose(recording.heading, [0, 0, np.pi / 2], atol=1e-9)  # from +z to our +x, their -x
    joints = _joints(recording)
    np.testing.assert_allclose(_direction(joints[1], 'left_shoulder', 'left_elbow'), (0, 1, 0), atol=1e-9)
    np.testing.assert_allclose(_direction(joints[1], 'left_elbow', 'left_wrist'), (0, 0, 1), atol=1e-9)
    np.testing.assert_allclose(_direction(joints[2], 'left_shoulder', 'left_wrist'), (0, 0, 1), atol=1e-9)


def test_a_jump_lifts_the_soles_and_a_squat_does_not() -> None:
    squat = {side + part: (0, angle, 0) for side in ('Left', 'Right') for part, angle in
             (('UpLeg', -60), ('Leg', 120), ('Foot', -60))}  # fmt: skip
    recording = _recording([{}] * 18 + [{'at': (0, 2.5, 0)}, {'at': (0, 1, 0), **squat}])
    np.testing.assert_allclose(recording.lift[:18], 0, atol=1e-9)
    np.testing.assert_allclose(recording.lift[18:], (0.25 - 0.04, 0), atol=1e-6)  # less what counts as contact
    assert _joints(recording)[19, JOINT['pelvis'], 1] > 0.6 * _joints(recording)[0, JOINT['pelvis'], 1]


def test_mirroring_exchanges_the_sides() -> None:
    recording = _recording([{'LeftArm': (-60, 20, 10), 'RightUpLeg': (0, -50, 5), 'at': (1, 2, 3)}, {}])
    joints, mirrored = _joints(recording), _joints(recording.mirrored())
    np.testing.assert_allclose(
        mirrored[:, JOINT['right_wrist']], joints[:, JOINT['left_wrist']] * (-1, 1, 1), atol=1e-9
    )
    np.testing.assert_allclose(mirrored[:, JOINT['left_toe']], joints[:, JOINT['right_toe']] * (-1, 1, 1), atol=1e-9)


def test_names_of_other_programs_are_understood() -> None:
    plain, other = _recording([{'LeftArm': (-40, 0, 0)}]), _recording([{'LeftArm': (-40, 0, 0)}], names=SITE_NAMES)
    np.testing.assert_array_equal(plain.rotations, other.rotations)
    old = ['Hip', 'Chest', 'LeftCollar', *(side + part for side in ('Left', 'Right') for part in
           ('Shoulder', 'Elbow', 'Wrist', 'Hip', 'Knee', 'Ankle')), 'Head']  # fmt: skip
    marks = find_landmarks(old, 'old')
    assert old[marks['left_shoulder']] == 'LeftShoulder'
    assert 'left_toe' not in marks
    mixamo = [f'mixamorig:{name}' for name in ['LeftShoulder', *JOINTS]]
    assert mixamo[find_landmarks(mixamo, 'mixamo')['left_shoulder']] == 'mixamorig:LeftArm'


def test_a_skeleton_of_something_else_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"clip: no joint found for \['left_elbow'\] by name") as caught:
        _recording([{}], names={'LeftForeArm': 'Wing'})
    assert 'Wing' in str(caught.value)


def test_real_motion_keeps_the_directions_of_all_limbs_on_any_body() -> None:
    file = sorted(shared_path('mocap').glob('**/*run_normal*.bvh'))[0]
    clip = read_bvh(file)
    recording = retarget(clip, file.name)
    positions = clip.world()[0] * (-1, -1, 1)
    joints = _joints(recording, sample_body(np.random.default_rng(1)))
    for side, letter in (('left', 'L'), ('right', 'R')):
        for start, end, first, second in (
            ('hip', 'knee', 'UpperLeg', 'LowerLeg'), ('knee', 'ankle', 'LowerLeg', 'Foot'),
            ('shoulder', 'elbow', 'UpperArm', 'LowerArm'), ('elbow', 'wrist', 'LowerArm', 'Hand'),
        ):  # fmt: skip
            bone = (
                positions[:, clip.names.index(f'{second}_{letter}')]
                - positions[:, clip.names.index(f'{first}_{letter}')]
            )
            bone /= np.linalg.norm(bone, axis=-1, keepdims=True)
            np.testing.assert_allclose(_direction(joints, f'{side}_{start}', f'{side}_{end}'), bone, atol=1e-6)
    assert 0.1 < (recording.lift > 0).mean() < 0.7  # runners fly between their steps
