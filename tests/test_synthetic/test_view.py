from __future__ import annotations

import numpy as np
import pytest

from mmp3d.geometry import Camera
from mmp3d.synthetic.body import standard_body
from mmp3d.synthetic.camera_rig import (
    HAND_HEIGHT,
    STREET_HEIGHT,
    handheld_cameras,
    look_at,
    street_camera,
    studio_lenses,
    studio_poses,
)
from mmp3d.synthetic.motion import sample_named_motion
from mmp3d.synthetic.path import Path
from mmp3d.synthetic.person import Person
from mmp3d.synthetic.picture import PictureMaker, annotate
from mmp3d.synthetic.scene import Scene
from mmp3d.synthetic.view import OpenView
from mmp3d.synthetic.zbuffer import BACKGROUND
from tests.test_synthetic.people import LOOK


def _maker(camera: Camera, *more: Camera, place: tuple[float, float] = (0.0, 0.0)) -> PictureMaker:
    person = Person(
        standard_body(), LOOK, sample_named_motion(np.random.default_rng(0), 'spread'), Path(np.array(place), 2.0)
    )
    scene = Scene(camera, [person], [], np.array([0.3, -0.9, -0.3]), 1)
    times = np.zeros(1 + len(more))
    return PictureMaker(scene, times, OpenView(scene, [camera, *more], seed=3))


def _studio_camera() -> Camera:
    rng = np.random.default_rng(0)
    lens = studio_lenses(rng, [(320, 320)])[0]
    R, place = studio_poses(rng, 4)[1]
    K = lens.K * np.array([[0.6], [0.6], [1]]) + np.array([[0, 0, 100], [0, 0, 60], [0, 0, 0]])  # wide, and aside
    return Camera(K, lens.image_size, lens.distortion, R, -R @ place, distortion_model='h36m')


def test_look_at_puts_the_target_in_the_middle_and_keeps_down_down() -> None:
    place, target = np.array([2000.0, -1500, 3000]), np.array([-100.0, -900, 100])
    R = look_at(place, target)
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(R @ (target - place), (0, 0, np.linalg.norm(target - place)), atol=1e-9)
    assert (R @ (0, 1, 0))[1] > 0.9


def test_a_picture_through_a_lens_shows_people_where_the_lens_puts_them() -> None:
    camera = _studio_camera()
    aside = dict(place=(1500.0, 1800.0))
    drawing = _maker(camera, **aside).render(0)
    assert drawing.picture.shape == (320, 320, 3)
    annotation = annotate(drawing)
    assert annotation.inside.all()
    bent = np.abs(annotation.keypoints - Camera(camera.K, camera.image_size).project(drawing.joints)).max()
    assert bent > 1.5  # px: the lens matters
    columns, rows = np.round(annotation.keypoints[0]).astype(int).T
    assert (drawing.buffers.label[rows, columns] != BACKGROUND).mean() > 0.9  # wrists are a pixel wide
    mask = drawing.buffers.label != BACKGROUND
    straight = _maker(Camera(camera.K, camera.image_size, R=camera.R, t=camera.t), **aside).render(0)
    plain = straight.buffers.label != BACKGROUND
    assert 0.05 < (mask != plain).sum() / mask.sum() < 0.8  # moved by a few pixels, not elsewhere


def test_people_are_where_each_frame_of_a_moving_camera_sees_them() -> None:
    cameras = []
    for place in ((0.0, -1500.0, -4000.0), (500.0, -1700.0, -3500.0)):
        R = look_at(np.array(place), np.array([0.0, -900.0, 0.0]), roll=0.05)
        cameras.append(Camera.from_intrinsics((300, 300), (160, 120), (320, 240), R=R, t=-R @ place))
    maker = _maker(*cameras)
    for frame, camera in enumerate(cameras):
        drawing = maker.render(frame)
        np.testing.assert_allclose(drawing.joints, camera.world_to_camera(maker.joints[:, frame]))
        columns, rows = np.round(camera.project(drawing.joints[0])).astype(int).T
        assert (drawing.buffers.label[rows, columns] != BACKGROUND).all()


def test_the_floor_stands_still_while_the_camera_turns() -> None:
    spot = np.array([600.0, 0.0, 900.0])
    shades = []
    for target in ((0.0, -900.0, 0.0), (400.0, -700.0, 200.0), (-300.0, -800.0, 300.0)):
        place = np.array([0.0, -1500.0, -4000.0])
        R = look_at(place, np.array(target))
        camera = Camera.from_intrinsics((300, 300), (160, 120), (320, 240), R=R, t=-R @ place)
        stage = _maker(camera).view.stage(0)
        around = camera.project(camera.world_to_camera(spot + np.array([(0, 0, 0), (400, 0, 0), (0, 0, 1500)])))
        columns, rows = np.round(around).astype(int).T
        shades.append(stage.colour[rows, columns].astype(int))
    assert np.abs(np.diff(shades, axis=0)).mean() < 12
    assert np.ptp(shades[0], axis=0).max() > 0  # the places differ, so that a floor that shifts would show


def test_cameras_have_the_ranges_that_the_documentation_gives() -> None:
    rng = np.random.default_rng(0)
    times = np.linspace(-1, 1, 31)
    filmed = np.stack([np.linspace(-800, 800, 31), np.full(31, 4000.0)], axis=1)
    for _ in range(10):
        street = street_camera(rng, (1920, 1080))
        np.testing.assert_allclose(street.K[[0, 1, 0, 1], [0, 1, 2, 2]], (1158, 1158, 960, 540))
        assert STREET_HEIGHT[0] <= -(-street.R.T @ street.t)[1] <= STREET_HEIGHT[1]
        hand = handheld_cameras(rng, (540, 960), filmed, times)
        places = np.array([-camera.R.T @ camera.t for camera in hand])
        assert 0.95 * 960 <= hand[0].K[0, 0] <= 1.1 * 960
        assert HAND_HEIGHT[0] - 100 < -places[:, 1].max() <= -places[:, 1].min() < HAND_HEIGHT[1] + 100
        assert 0 < np.linalg.norm(np.diff(places, axis=0), axis=1).max() < 100  # mm a frame: it moves, without jumps
        middle = np.array([camera.project(camera.world_to_camera(np.array([x, -950.0, z]))) for camera, (x, z)
                           in zip(hand, filmed, strict=True)])  # fmt: skip
        assert np.abs(middle - (270, 480)).max() < 270


def test_a_lens_without_motion_only() -> None:
    lens = studio_lenses(np.random.default_rng(0), [(1000, 1002), (1000, 1000)])
    assert [camera.image_size for camera in lens] == [(1000, 1002), (1000, 1000)]
    assert all(camera.distortion_model == 'h36m' for camera in lens)
    assert pytest.approx(1146, abs=8) == lens[0].K[0, 0]
