"""Projection, back-projection and warps agree with each other for any camera."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.geometry import Camera

DISTORTION = st.sampled_from([None, (-0.05, 0.1, 1e-3, 2e-3), (0.1, -0.02, -1e-3, 5e-4, 0.01)])
FOCALS = st.floats(300, 3000)


def points_in_view(camera, count=20, seed=0):
    rng = np.random.default_rng(seed)
    depth = rng.uniform(1000, 8000, count)
    pixels = rng.uniform(0, 1, (count, 2)) * camera.image_size
    return camera.back_project(pixels, depth)


@given(fx=FOCALS, fy=FOCALS, distortion=DISTORTION)
def test_back_projection_inverts_projection(fx, fy, distortion):
    camera = Camera.from_intrinsics((fx, fy), (510, 390), (1000, 800), distortion=distortion)
    points = np.random.default_rng(0).uniform((-500, -500, 3000), (500, 500, 6000), (30, 3))
    assert np.allclose(camera.back_project(camera.project(points), points[:, 2]), points, atol=1e-3)


@given(distortion=DISTORTION)
def test_projection_is_that_of_opencv(distortion):
    camera = Camera.from_intrinsics((900, 950), (510, 390), (1000, 800), distortion=distortion)
    points = points_in_view(camera)
    expected, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), camera.K, camera.distortion)
    assert np.allclose(camera.project(points), expected[:, 0], atol=1e-6)


@given(
    angle=st.floats(-np.pi, np.pi),
    scale=st.tuples(st.floats(0.1, 3), st.floats(0.1, 3)),
    flip=st.booleans(),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
    distortion=DISTORTION,
)
def test_warped_camera_sees_the_turned_points_where_the_warp_puts_them(angle, scale, flip, shift, distortion):
    camera = Camera.from_intrinsics((900, 950), (510, 390), (1000, 800), distortion=distortion)
    points = points_in_view(camera)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = np.diag(scale) @ turn @ np.diag([-1.0 if flip else 1.0, 1.0])
    warp = np.hstack([linear, np.array(shift)[:, None]])
    seen, frame_turn = camera.warped(warp, (500, 400))
    assert np.allclose(seen.project(points @ frame_turn.T), camera.project(points) @ linear.T + shift, atol=1e-6)
    assert np.isclose(seen.focal, camera.focal * np.sqrt(scale[0] * scale[1]))
    assert np.allclose(frame_turn @ frame_turn.T, np.eye(3), atol=1e-9)
    assert np.allclose((points @ frame_turn.T)[:, 2], points[:, 2])


def test_points_behind_the_camera_do_not_project():
    camera = Camera.assumed((640, 480))
    projected = camera.project(np.array([[0.0, 0, 1000], [0, 0, -1000], [0, 0, 0]]))
    assert np.isfinite(projected).all(axis=1).tolist() == [True, False, False]


def test_nobody_projects_to_nothing():
    camera = Camera.from_intrinsics((900, 900), (5, 5), (10, 10), distortion=(0.1, 0, 0, 0))
    assert camera.project(np.zeros((0, 17, 3))).shape == (0, 17, 2)
    assert camera.back_project(np.zeros((0, 17, 2)), np.zeros((0, 17))).shape == (0, 17, 3)


def test_field_of_view_spans_the_longer_side():
    camera = Camera.from_fov(90, (1080, 1920))
    assert camera.focal == pytest.approx(960)
    assert camera.source == 'fov'
    assert Camera.assumed((1080, 1920)).source == 'assumed'


def test_dictionary_round_trip():
    camera = Camera.from_intrinsics((900, 950), (510, 390), (1000, 800), distortion=(0.1, 0, 0, 0), t=(1, 2, 3))
    again = Camera.from_dict(camera.to_dict())
    assert again.to_dict() == camera.to_dict()


@pytest.mark.parametrize(
    ('fields', 'message'),
    [
        (dict(K=np.eye(2), image_size=(1, 1)), r'K must have shape \(3, 3\)'),
        (dict(K=np.full((3, 3), np.nan), image_size=(1, 1)), 'K must be finite'),
        (dict(K=-np.eye(3), image_size=(1, 1)), 'focal lengths must be positive'),
        (dict(K=np.eye(3), image_size=(1, 1), source='guessed'), "got 'guessed'"),
        (dict(K=np.eye(3), image_size=(1, 1), distortion=(1, 2)), 'distortion must have shape'),
    ],
)
def test_what_is_no_camera_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Camera(**fields)


def test_dictionary_errors_name_the_field():
    with pytest.raises(ValueError, match=r"missing fields \['K'\], unknown fields \['focal'\]"):
        Camera.from_dict(dict(image_size=(1, 1), focal=3))
    with pytest.raises(ValueError, match='between 0 and 180'):
        Camera.from_fov(180, (10, 10))
