"""A floor that is known is found again, in spite of feet in the air."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.geometry.floor import fit_floor, world_on_floor


def _floor_points(tilt, roll, height, lifted=0):
    """Points on a floor under a camera that looks ``tilt`` down and is rolled."""
    random = np.random.default_rng(1)
    flat = np.stack([random.uniform(-2000, 2000, 200), np.full(200, height), random.uniform(2000, 7000, 200)], axis=-1)
    flat[:lifted, 1] -= random.uniform(100, 600, lifted)
    down = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    side = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return flat @ (side @ down).T, side @ down @ [0, -1, 0]


@settings(max_examples=20, deadline=None)
@given(st.floats(-0.3, 0.6), st.floats(-0.2, 0.2), st.floats(500, 3000))
def test_floor_is_found_though_a_third_of_the_feet_is_in_the_air(tilt, roll, height):
    points, up = _floor_points(tilt, roll, height, lifted=66)
    normal, offset = fit_floor(points)
    np.testing.assert_allclose(normal, up, atol=1e-6)
    assert offset == pytest.approx(-height, abs=1e-3)


def test_world_has_the_floor_at_zero_and_the_camera_above():
    points, _ = _floor_points(0.3, 0.1, 1500)
    rotation, translation = world_on_floor(*fit_floor(points))
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1)
    np.testing.assert_allclose(((points - translation) @ rotation)[:, 2], 0, atol=1e-6)
    np.testing.assert_allclose(-translation @ rotation, [0, 0, 1500], atol=1e-6)


def test_what_shows_no_floor_is_refused():
    with pytest.raises(ValueError, match='at least'):
        fit_floor(np.zeros((3, 3)))
    line = np.stack([np.linspace(0, 5000, 50), np.full(50, 1500.0), np.full(50, 3000.0)], axis=-1)
    with pytest.raises(ValueError, match='one line'):
        fit_floor(line)
    wall, _ = _floor_points(0.0, np.pi / 2, 1500)
    with pytest.raises(ValueError, match='camera frame'):
        fit_floor(wall)


def test_feet_that_are_not_finite_do_not_count_and_eight_are_enough():
    points, up = _floor_points(0.2, 0.1, 1500)
    spoilt = np.concatenate([points[:8], np.full((3, 3), np.nan), [[0, np.inf, 0]]])
    np.testing.assert_allclose(fit_floor(spoilt)[0], up, atol=1e-6)
    with pytest.raises(ValueError, match='at least 8 places of feet, found 7'):
        fit_floor(spoilt[1:])


def test_a_strip_of_feet_must_be_wide_enough():
    along, across = np.meshgrid(np.linspace(0, 4000, 20), [-1.0, 1.0])
    for spread, wide_enough in ((140, False), (160, True)):
        strip = np.stack([along.ravel(), np.full(40, 1500.0), 3000 + spread * across.ravel()], axis=-1)
        if wide_enough:
            np.testing.assert_allclose(fit_floor(strip)[0], [0, -1, 0], atol=1e-9)
            continue
        with pytest.raises(ValueError, match='within 150 mm of one line'):
            fit_floor(strip)


def test_other_random_trials_find_the_same_floor_but_for_the_noise():
    points, _ = _floor_points(0.2, 0.1, 1500, lifted=60)
    points = points + np.random.default_rng(0).normal(scale=20, size=points.shape)
    first = fit_floor(points)[0]
    np.testing.assert_array_equal(fit_floor(points, seed=0)[0], first)
    np.testing.assert_allclose([fit_floor(points, seed=seed)[0] for seed in range(1, 5)], [first] * 4, atol=0.02)


def test_the_world_looks_forward_with_its_second_axis_and_right_with_its_first():
    tilt = np.radians(30)
    normal = np.array([0, -np.cos(tilt), -np.sin(tilt)])
    rotation, translation = world_on_floor(normal, -1500.0)
    # Columns: the world's axes in the camera frame.
    np.testing.assert_allclose(rotation[:, 0], [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(rotation[:, 1], [0, -np.sin(tilt), np.cos(tilt)], atol=1e-12)
    np.testing.assert_allclose(rotation[:, 2], normal)
    np.testing.assert_allclose(translation, -1500 * normal)


def test_a_camera_that_looks_straight_down_has_no_forward():
    with pytest.raises(ValueError, match='straight at the floor'):
        world_on_floor(np.array([0, 0, -1.0]), -1500.0)
    almost = np.array([0, -0.01, -1]) / np.hypot(0.01, 1)
    assert np.isfinite(world_on_floor(almost, -1500.0)[0]).all()
