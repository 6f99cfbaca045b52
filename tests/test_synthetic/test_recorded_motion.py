from __future__ import annotations

import numpy as np
import pytest

from mmp3d.synthetic.body import sample_appearance, sample_body
from mmp3d.synthetic.bvh import parse_bvh
from mmp3d.synthetic.kinematics import JOINT
from mmp3d.synthetic.path import Path
from mmp3d.synthetic.person import Person, pose_people
from mmp3d.synthetic.recorded_motion import RecordedMotion, resample
from mmp3d.synthetic.retarget import retarget
from tests.test_synthetic.bvh_text import bvh_text

# A person who walks ahead a leg a second, swings an arm and turns to its right by 3 degrees a frame.
_FRAMES = [
    {'at': (0.02 * i, 2, 0.2 * i), 'Hips': (0, 0, -3.0 * i), 'LeftArm': (-60 - 25 * np.sin(0.5 * i), 0, 0)}
    for i in range(40)
]
RECORDING = retarget(parse_bvh(bvh_text(_FRAMES), 'walk'), 'walk')


def _person(motion: RecordedMotion, path: Path) -> Person:
    rng = np.random.default_rng(0)
    return Person(sample_body(rng), sample_appearance(rng), motion, path)


def test_the_middle_of_the_recording_is_played_as_recorded() -> None:
    times = np.arange(10, 30) * 0.1
    motion = RecordedMotion(RECORDING)
    np.testing.assert_allclose(motion.rotations(times), RECORDING.rotations[10:30], atol=1e-7)
    between = motion.rotations(np.array([1.55]))[0]
    np.testing.assert_allclose(between @ between.swapaxes(-1, -2), np.broadcast_to(np.eye(3), between.shape), atol=1e-9)


def test_a_person_starts_on_its_path_and_goes_the_recorded_way() -> None:
    path = Path(np.array([300.0, 4000.0]), heading=1.2)
    ground, heading = RecordedMotion(RECORDING, start=1.5).along(path, 800.0, np.array([0.0, 0.1, 0.2]))
    np.testing.assert_allclose(ground[0], (300, 4000))
    np.testing.assert_allclose(heading - 1.2, np.radians([0, 3, 6]), atol=1e-9)
    step = (RECORDING.ground[17] - RECORDING.ground[15]) * 800
    np.testing.assert_allclose(np.linalg.norm(ground[2] - ground[0]), np.linalg.norm(step), rtol=1e-9)


def test_an_endless_loop_has_no_jumps() -> None:
    times = np.arange(-200, 400) / 30
    joints = pose_people([_person(RecordedMotion(RECORDING, start=0.7), Path(np.zeros(2), 0.0))], times)[0][0]
    assert np.isfinite(joints).all()
    assert np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() < 150  # mm in 1/30 s
    turned = RecordedMotion(RECORDING).along(Path(np.zeros(2), 0.0), 800.0, np.array([0.0, 36.0]))[1]
    np.testing.assert_allclose(turned[1] - turned[0], np.radians(3 * 360), atol=1e-6)  # ten rounds of 3.6 s


@pytest.mark.parametrize('length', [1, 2, 3])
def test_recordings_of_a_few_frames(length: int) -> None:
    recording = retarget(parse_bvh(bvh_text(_FRAMES[:length]), 'short'), 'short')
    joints = pose_people(
        [_person(RecordedMotion(recording, mirrored=True), Path(np.zeros(2), 0.0))], np.linspace(-1, 1, 9)
    )[0]
    assert np.isfinite(joints).all()
    assert len(resample(recording, 30)) == [1, 4, 7][length - 1]


def test_resampling_keeps_the_frames_that_both_rates_have() -> None:
    fine = resample(RECORDING, 20.0)
    assert fine.frame_time == 1 / 20
    assert len(fine) == 79
    np.testing.assert_allclose(fine.rotations[::2], RECORDING.rotations, atol=1e-7)
    np.testing.assert_allclose(fine.heading[1::2], (RECORDING.heading[1:] + RECORDING.heading[:-1]) / 2, atol=1e-9)
    assert JOINT['pelvis'] == 14
