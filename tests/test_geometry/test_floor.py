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
