"""Projection, back-projection and warps agree with each other for any camera."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mmp3d.geometry import Camera

DISTORTION = st.sampled_from([None, (-0.05, 0.1, 1e-3, 2e-3), (0.1, -0.02, -1e-3, 5e-4, 0.01)])
MODELS = st.sampled_from(['opencv', 'h36m'])
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
    model=MODELS,
)
def test_warped_camera_sees_the_turned_points_where_the_warp_puts_them(angle, scale, flip, shift, distortion, model):
    camera = Camera.from_intrinsics((900, 950), (510, 390), (1000, 800), distortion=distortion, distortion_model=model)
    points = points_in_view(camera)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = np.diag(scale) @ turn @ np.diag([-1.0 if flip else 1.0, 1.0])
    warp = np.hstack([linear, np.array(shift)[:, None]])
    seen, frame_turn = camera.warped(warp, (500, 400))
    assert np.allclose(seen.project(points @ frame_turn.T), camera.project(points) @ linear.T + shift, atol=1e-6)
    assert np.isclose(seen.focal, camera.focal * np.sqrt(scale[0] * scale[1]))
    assert np.allclose(frame_turn @ frame_turn.T, np.eye(3), atol=1e-9)
    assert np.allclose((points @ frame_turn.T)[:, 2], points[:, 2])


@given(
    corner=st.tuples(st.integers(-300, 900), st.integers(-300, 900)),
    factors=st.tuples(st.floats(0.2, 4), st.floats(0.2, 4)),
    distortion=DISTORTION,
)
def test_crop_and_resize_move_the_pixels_and_nothing_else(corner, factors, distortion):
    camera = Camera.from_intrinsics((900, 950), (510, 390), (1000, 800), distortion=distortion)
    points, size = points_in_view(camera), np.round(np.multiply((1000, 800), factors)).astype(int)
    seen = camera.resized(size).cropped(corner, (64, 48))
    expected = (camera.project(points) + 0.5) * (size / (1000, 800)) - 0.5 - corner
    np.testing.assert_allclose(seen.project(points), expected, atol=1e-6)
    assert seen.image_size == (64, 48)
    np.testing.assert_allclose(camera.resized(size).resized((1000, 800)).K, camera.K, atol=1e-8)


@given(distortion=DISTORTION, model=MODELS)
def test_a_mirrored_image_has_the_mirrored_scene(distortion, model):
    camera = Camera.from_intrinsics((900, 950), (510, 390), (1000, 800), distortion=distortion, distortion_model=model)
    points = points_in_view(camera)
    mirrored, mirroring = camera.flipped()
    expected = camera.project(points) * (-1, 1) + (999, 0)
    np.testing.assert_allclose(mirrored.project(points * (-1, 1, 1)), expected, atol=1e-8)
    np.testing.assert_allclose(mirroring, np.diag([-1, 1, 1]), atol=1e-12)
    again, _ = mirrored.flipped()
    np.testing.assert_allclose(again.project(points), camera.project(points), atol=1e-8)


@given(angles=st.tuples(*[st.floats(-np.pi, np.pi)] * 3), t=st.tuples(*[st.floats(-1e4, 1e4)] * 3))
def test_world_and_camera_frame_are_inverse(angles, t):
    R = Rotation.from_euler('xyz', angles).as_matrix()
    camera = Camera.from_intrinsics((900, 900), (5, 5), (10, 10), R=R, t=t)
    points = np.random.default_rng(0).uniform(-5000, 5000, (2, 17, 3))
    np.testing.assert_allclose(camera.world_to_camera(points)[0, 0], R @ points[0, 0] + t)
    np.testing.assert_allclose(camera.camera_to_world(camera.world_to_camera(points)), points, atol=1e-8)


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
    for kept in (camera, replace(camera, distortion_model='h36m'), Camera.assumed((640, 480))):
        fields = json.loads(json.dumps(kept.to_dict()))
        assert Camera.from_dict(fields).to_dict() == fields


def test_a_dictionary_without_a_model_of_distortion_is_opencvs():
    assert Camera.from_dict(dict(K=np.eye(3), image_size=(9, 9))).distortion_model == 'opencv'


@pytest.mark.parametrize(
    ('fields', 'message'),
    [
        (dict(K=np.eye(2), image_size=(1, 1)), r'K must have shape \(3, 3\)'),
        (dict(K=np.full((3, 3), np.nan), image_size=(1, 1)), 'K must be finite'),
        (dict(K=-np.eye(3), image_size=(1, 1)), 'focal lengths must be positive'),
        (dict(K=np.eye(3), image_size=(1, 1), source='guessed'), "got 'guessed'"),
        (dict(K=np.eye(3), image_size=(1, 1), distortion=(1, 2)), 'distortion must have shape'),
        (dict(K=np.eye(3), image_size=(1, 1), distortion_model='fisheye'), "distortion_model .* got 'fisheye'"),
        (dict(K=np.array([[9, 0, 0], [0, 9, 0], [4, 3, 1]]), image_size=(1, 1)), 'must end with the row 0, 0, 1'),
    ],
)
def test_what_is_no_camera_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Camera(**fields)


@pytest.mark.parametrize(
    ('warp', 'message'),
    [
        (np.eye(3), r'warp must have shape \(2, 3\)'),
        ([[1, 0, np.nan], [0, 1, 0]], 'warp must be finite'),
        ([[1, 2, 0], [2, 4, 0]], 'warp must have an inverse'),
        (np.zeros((2, 3)), 'warp must have an inverse'),
    ],
)
def test_what_is_no_affine_warp_is_refused(warp, message):
    with pytest.raises(ValueError, match=message):
        Camera.assumed((640, 480)).warped(warp, (10, 10))


def test_dictionary_errors_name_the_field():
    with pytest.raises(ValueError, match=r"missing fields \['K'\], unknown fields \['focal'\]"):
        Camera.from_dict(dict(image_size=(1, 1), focal=3))
    with pytest.raises(ValueError, match='between 0 and 180'):
        Camera.from_fov(180, (10, 10))


def test_the_principal_point_of_a_field_of_view_is_the_middle_of_the_image():
    camera = Camera.from_fov(60, (1920, 1080))
    assert camera.K[:2, 2].tolist() == [959.5, 539.5]
    edges = camera.project(np.array([[-np.tan(np.radians(30)), 0, 1], [np.tan(np.radians(30)), 0, 1]]))
    np.testing.assert_allclose(edges[:, 0], [-0.5, 1919.5])
    assert Camera.assumed((640, 480)).focal == pytest.approx(320 / np.tan(np.radians(27.5)))


def test_the_focal_length_is_the_geometric_mean_of_both_axes():
    assert Camera.from_intrinsics((400, 900), (0, 0), (9, 9)).focal == pytest.approx(600)


@pytest.mark.parametrize('degrees', [0, -10, 180, 200, float('nan')])
def test_no_field_of_view_beyond_half_a_turn(degrees):
    with pytest.raises(ValueError, match='between 0 and 180 degrees'):
        Camera.from_fov(degrees, (10, 10))


def test_narrow_and_wide_fields_of_view_are_cameras():
    assert Camera.from_fov(0.5, (10, 10)).focal > Camera.from_fov(179.5, (10, 10)).focal > 0


@pytest.mark.parametrize('focal', [(-9, 9), (9, -9), (0, 9), (9, 0)])
def test_each_focal_length_must_be_positive(focal):
    with pytest.raises(ValueError, match='focal lengths must be positive'):
        Camera.from_intrinsics(focal, (4, 4), (9, 9))


def test_four_coefficients_have_no_sixth_order_and_a_column_is_taken():
    assert Camera.from_intrinsics((9, 9), (4, 4), (9, 9), distortion=(1, 2, 3, 4)).distortion.tolist() == [
        1,
        2,
        3,
        4,
        0,
    ]
    column = np.arange(5.0)[:, None]
    assert Camera.from_intrinsics((9, 9), (4, 4), (9, 9), distortion=column).distortion.tolist() == [0, 1, 2, 3, 4]


def test_a_pose_that_is_not_given_is_the_camera_frame_and_sizes_are_whole_numbers():
    camera = Camera(np.eye(3), np.array([640.0, 480.0]))
    assert camera.world_to_camera(np.array([1.0, 2, 3])).tolist() == [1, 2, 3]
    assert camera.image_size == (640, 480) and all(type(side) is int for side in camera.image_size)
    assert (camera.source, camera.distortion) == ('given', None)


def test_fields_that_are_none_in_a_dictionary_take_their_defaults():
    fields = dict(K=np.eye(3), image_size=(9, 9), R=None, t=None, source=None)
    assert Camera.from_dict(fields).to_dict() == Camera(np.eye(3), (9, 9)).to_dict()


def test_a_warp_turns_the_pose_of_the_camera_with_its_frame():
    R = Rotation.from_euler('xyz', (0.1, 0.2, 0.3)).as_matrix()
    camera = Camera.from_intrinsics((900, 900), (510, 390), (1000, 800), R=R, t=(10, 20, 3000))
    warp = np.array([[0, -1.0, 700], [1, 0, -30]])
    seen, turn = camera.warped(warp, (500, 400))
    points = np.random.default_rng(0).uniform(-500, 500, (9, 3))
    np.testing.assert_allclose(seen.world_to_camera(points), camera.world_to_camera(points) @ turn.T, atol=1e-9)
    pixels = camera.project(camera.world_to_camera(points))
    np.testing.assert_allclose(seen.project(seen.world_to_camera(points)), pixels @ warp[:, :2].T + warp[:, 2])


def test_a_warp_that_is_nearly_flat_has_an_inverse_still():
    camera = Camera.assumed((640, 480))
    assert camera.warped([[1, 0, 0], [0, 1e-6, 0]], (10, 10))[0].K[1, 1] == pytest.approx(camera.K[1, 1] * 1e-6)
    with pytest.raises(ValueError, match='must have an inverse'):
        camera.warped([[1, 0, 0], [0, 1e-10, 0]], (10, 10))
