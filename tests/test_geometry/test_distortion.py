"""Distortion is undone to 1e-6 px wherever the lens shows the scene once, and refused where it does not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.geometry import Camera
from mmp3d.geometry.distortion import ACCEPTED_ERROR, distorted, greatest_radius, undistorted

RADIAL, TANGENTIAL = st.floats(-0.5, 0.5), st.floats(-5e-3, 5e-3)
LENSES = st.tuples(RADIAL, RADIAL, TANGENTIAL, TANGENTIAL, RADIAL).map(np.array)
MODELS = st.sampled_from(['opencv', 'h36m'])
# Where the radial part grows less than that, the tangential one may fold the image.
LEAST_GROWTH = 0.1


def rays(lens: np.ndarray, seed: int, count: int = 60) -> np.ndarray:
    """Points of the pinhole in the part of the scene that the lens clearly shows once, at most 50 degrees off axis."""
    rng = np.random.default_rng(seed)
    square = np.linspace(0, 1.2, 200) ** 2
    growth = 1 + square * (3 * lens[0] + square * (5 * lens[1] + square * 7 * lens[4]))
    shown = np.logical_and.accumulate(growth > LEAST_GROWTH)
    radius = rng.uniform(0, np.sqrt(square[shown][-1]), count)
    angle = rng.uniform(-np.pi, np.pi, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


@given(lens=LENSES, model=MODELS, seed=st.integers(0, 1000))
def test_undistortion_inverts_distortion(lens, model, seed):
    ideal = rays(lens, seed)
    seen = distorted(ideal, lens, model)
    back = undistorted(seen, lens, model)
    assert np.abs(distorted(back, lens, model) - seen).max() <= ACCEPTED_ERROR
    np.testing.assert_allclose(back, ideal, atol=1e-6)


@given(lens=LENSES, model=MODELS, seed=st.integers(0, 1000), focal=st.floats(200, 5000))
def test_pixels_come_back_to_a_millionth(lens, model, seed, focal):
    camera = Camera.from_intrinsics((focal, focal), (640, 360), (1280, 720), distortion=lens, distortion_model=model)
    ideal = rays(lens, seed)
    pixels = camera.project(np.concatenate([3000 * ideal, np.full((len(ideal), 1), 3000.0)], axis=1))
    again = camera.project(camera.back_project(pixels, np.full(len(pixels), 5000.0)))
    np.testing.assert_allclose(again, pixels, atol=1e-6, rtol=0)


@given(lens=LENSES, seed=st.integers(0, 1000))
def test_the_first_model_is_opencvs(lens, seed):
    ideal = rays(lens, seed)
    points = np.concatenate([ideal, np.ones((len(ideal), 1))], axis=1)
    expected, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), np.eye(3), lens)
    np.testing.assert_allclose(distorted(ideal, lens, 'opencv'), expected[:, 0], atol=1e-12)


@given(lens=LENSES, model=MODELS, pixels=st.lists(st.tuples(*[st.floats(-50, 50)] * 2), max_size=20))
def test_any_point_has_a_true_way_back_or_none(lens, model, pixels):
    seen = np.array(pixels, float).reshape(-1, 2)
    back = undistorted(seen, lens, model)
    found = np.isfinite(back).all(axis=1)
    assert np.isnan(back[~found]).all()
    np.testing.assert_allclose(distorted(back[found], lens, model), seen[found], atol=2 * ACCEPTED_ERROR)


def test_what_the_lens_folds_back_into_the_image_is_not_seen():
    lens = np.array([-0.3, 0, 0, 0, 0])
    turn = np.sqrt(1 / 0.9)
    assert greatest_radius(lens) == pytest.approx(turn)
    seen = distorted(np.array([[0.99 * turn, 0], [1.01 * turn, 0], [np.nan, 0]]), lens, 'opencv')
    assert np.isfinite(seen).all(axis=1).tolist() == [True, False, False]
    edge = turn * (1 - 0.3 * turn**2)
    back = undistorted(np.array([[0.99 * edge, 0], [1.01 * edge, 0]]), lens, 'opencv')
    assert np.isfinite(back).all(axis=1).tolist() == [True, False]


def test_a_lens_that_never_folds_shows_everything():
    assert greatest_radius(np.array([0.1, 0.2, 0, 0, 0])) == np.inf
    assert greatest_radius(np.zeros(5)) == np.inf


def test_no_points():
    assert undistorted(np.zeros((0, 17, 2)), np.full(5, 0.1), 'h36m').shape == (0, 17, 2)
