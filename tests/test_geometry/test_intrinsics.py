"""Intrinsics are found exactly from exact projections, and hardly moved by outliers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.geometry import Camera
from mmp3d.geometry.intrinsics import fit_intrinsics

FOCAL = st.floats(200, 4000)
CENTRE = st.floats(-200, 2000)


def points(count: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.uniform([-1500, -1000, 2000], [1500, 1000, 8000], (count, 3))


@given(f=st.tuples(FOCAL, FOCAL), c=st.tuples(CENTRE, CENTRE), seed=st.integers(0, 1000), count=st.integers(8, 60))
def test_exact_projections_give_the_camera(f, c, seed, count):
    scene = points(count, seed)
    found_f, found_c = fit_intrinsics(scene, Camera.from_intrinsics(f, c, (10, 10)).project(scene))
    np.testing.assert_allclose(found_f, f, rtol=1e-6)
    np.testing.assert_allclose(found_c, c, atol=1e-4)


@given(seed=st.integers(0, 1000), share=st.floats(0, 0.2), size=st.floats(20, 2000))
def test_outliers_move_it_little(seed, share, size):
    scene = points(400, seed)
    pixels = Camera.from_intrinsics((1500, 1480), (960, 540), (1920, 1080)).project(scene)
    generator = np.random.default_rng(seed)
    wrong = generator.choice(400, int(share * 400), replace=False)
    pixels = pixels + generator.normal(0, 0.3, pixels.shape)
    pixels[wrong] += generator.uniform(-size, size, (len(wrong), 2))
    found_f, found_c = fit_intrinsics(scene, pixels)
    np.testing.assert_allclose(found_f, [1500, 1480], rtol=3e-3)
    np.testing.assert_allclose(found_c, [960, 540], atol=1)


def test_points_that_cannot_be_used_are_left_out():
    scene = points(30, 0)
    pixels = Camera.from_intrinsics((900, 900), (500, 300), (10, 10)).project(scene)
    pixels[0], scene[1], scene[2, 2] = np.nan, np.inf, -5
    found_f, found_c = fit_intrinsics(scene, pixels)
    np.testing.assert_allclose([*found_f, *found_c], [900, 900, 500, 300], rtol=1e-6)


@pytest.mark.parametrize(
    ('scene', 'pixels', 'message'),
    [
        (np.zeros((0, 3)), np.zeros((0, 2)), 'at least 4'),
        (points(3, 0), np.zeros((3, 2)), 'at least 4'),
        (points(9, 0)[:, :2], np.zeros((9, 2)), r'need points \(N, 3\)'),
        (points(9, 0), np.zeros((8, 2)), r'need points \(N, 3\)'),
        (np.tile(points(1, 0), (9, 1)), np.zeros((9, 2)), 'one line of sight'),
        (points(9, 0), -points(9, 0)[:, :2], 'not positive'),
        (points(9, 0), np.full((9, 2), np.nan), 'at least 4'),
    ],
)
def test_hopeless_input_is_refused(scene, pixels, message):
    with pytest.raises(ValueError, match=message):
        fit_intrinsics(scene, pixels)


def test_four_points_are_enough():
    scene = points(4, 0)
    found_f, found_c = fit_intrinsics(scene, Camera.from_intrinsics((900, 800), (500, 300), (10, 10)).project(scene))
    np.testing.assert_allclose([*found_f, *found_c], [900, 800, 500, 300], rtol=1e-6)


def test_each_axis_must_spread():
    for axis in (0, 1):
        scene = points(30, 0)
        scene[:, axis] = 0.1 * scene[:, 2]
        with pytest.raises(ValueError, match='one line of sight'):
            fit_intrinsics(scene, np.zeros((30, 2)))


def test_a_point_behind_or_on_the_camera_does_not_count():
    scene = points(5, 0)
    scene[3, 2], scene[4, 2] = 0, -1000
    with pytest.raises(ValueError, match='at least 4 finite points in front of the camera, got 3'):
        fit_intrinsics(scene, np.zeros((5, 2)))


def test_residuals_beyond_the_bound_pull_with_constant_force():
    scene = points(60, 0)
    pixels = Camera.from_intrinsics((900, 900), (500, 300), (10, 10)).project(scene)
    pixels[:6, 0] += 100
    tight, loose = (fit_intrinsics(scene, pixels, outlier_px=bound)[1][0] for bound in (0.1, 1000))
    assert abs(tight - 500) < 0.1
    # As least squares: a tenth of the points shifted by 100 px.
    assert abs(loose - 510) < 5
