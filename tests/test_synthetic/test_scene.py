from __future__ import annotations

import numpy as np
import pytest

from mmp3d.geometry import MUCO21
from mmp3d.synthetic.motion import sample_motion
from mmp3d.synthetic.motion_presets import LOWER_PRESETS, UPPER_PRESETS
from mmp3d.synthetic.path import Path
from mmp3d.synthetic.person import Person, pose_people
from mmp3d.synthetic.scene import sample_scene

TIMES = np.linspace(-1, 1, 61)


def _bone_lengths(joints: np.ndarray) -> np.ndarray:
    child, parent = np.array(MUCO21.bones).T
    return np.linalg.norm(joints[..., child, :] - joints[..., parent, :], axis=-1)


def _scene(seed: int, people: tuple = (5, 5)):
    return sample_scene(np.random.default_rng(seed), (320, 200), people, horizon=2.0)


@pytest.mark.parametrize('seed', range(4))
def test_bones_keep_their_length_and_people_move_smoothly(seed: int) -> None:
    joints, _ = pose_people(_scene(seed).people, TIMES)
    lengths = _bone_lengths(joints)
    np.testing.assert_allclose(lengths, np.broadcast_to(lengths[:, :1], lengths.shape), rtol=1e-9)
    step = np.linalg.norm(np.diff(joints, axis=1), axis=-1)
    assert step.max() < 400  # mm in 1/30 s: 12 m/s, a swung hand of a runner


def test_the_lowest_point_rests_on_the_floor() -> None:
    people = [person for person in _scene(1).people if 'jump' not in person.motion.name]
    joints, _ = pose_people(people, TIMES)
    lowest = [(joints[i, ..., 1] + person.body.clearance).max(axis=1) for i, person in enumerate(people)]
    np.testing.assert_allclose(lowest, 0, atol=1e-9)


def test_sizes_differ_and_adults_average_what_adults_measure() -> None:
    heights = np.array([person.body.height for seed in range(40) for person in _scene(seed, (5, 5)).people])
    adults = heights[heights > 1480]
    assert abs(adults.mean() - 1720) < 25
    assert 60 < adults.std() < 100
    assert (heights < 1460).any()


@pytest.mark.parametrize('legs', LOWER_PRESETS)
@pytest.mark.parametrize('arms', ['', *UPPER_PRESETS])
def test_every_motion_is_finite_and_within_limits(legs: str, arms: str) -> None:
    motion = sample_motion(np.random.default_rng(5), legs, arms)
    angles = motion.angles(TIMES)
    assert np.isfinite(angles).all()
    assert angles[:, [9, 12], 0].min() >= 0  # knees do not bend forwards
    assert motion.lift(TIMES).min() >= 0


def test_same_seed_same_scene_other_seed_other_scene() -> None:
    first, again, other = (pose_people(_scene(seed).people, TIMES)[0] for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 100


def test_nobody() -> None:
    scene = _scene(0, (0, 0))
    joints, bones = pose_people(scene.people, TIMES)
    assert joints.shape == (0, 61, 21, 3)
    assert bones.shape == (0, 61, 21, 3, 3)


def test_path_is_an_arc_of_constant_speed() -> None:
    path = Path(np.array([100.0, 4000.0]), heading=0.4, curvature=1 / 800)
    ground, heading = path.at(np.linspace(0, 2 * np.pi * 0.8, 200), 1000.0)
    np.testing.assert_allclose(ground[0], (100, 4000))
    np.testing.assert_allclose(ground[-1], ground[0], atol=1e-6)  # a full circle of radius 800 mm
    steps = np.linalg.norm(np.diff(ground, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0])
    middle = (heading[1:] + heading[:-1]) / 2
    np.testing.assert_allclose(
        np.diff(ground, axis=0), steps[0] * np.stack([np.sin(middle), np.cos(middle)], 1), atol=1e-6
    )


def test_walkers_face_where_they_go() -> None:
    scene = _scene(3)
    body, look = scene.people[0].body, scene.people[0].appearance
    motion = sample_motion(np.random.default_rng(0), 'walk', 'swing')
    person = Person(body, look, motion, Path(np.array([0.0, 4000.0]), heading=np.pi / 2))
    joints, _ = pose_people([person], np.array([0.0, 1.0]))
    assert 500 < (joints[0, 1, 14] - joints[0, 0, 14])[0] < 2500
    assert (joints[0, :, [19, 20], 0] > joints[0, :, [10, 13], 0]).all()  # toes point forwards, here to +x
