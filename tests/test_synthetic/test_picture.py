from __future__ import annotations

import numpy as np
import pytest

from mmp3d.geometry import Camera
from mmp3d.synthetic.body import sample_appearance, sample_body
from mmp3d.synthetic.furniture import Box
from mmp3d.synthetic.motion import sample_motion
from mmp3d.synthetic.path import Path
from mmp3d.synthetic.person import Person
from mmp3d.synthetic.picture import PictureMaker
from mmp3d.synthetic.scene import Scene, sample_scene

TORSO = [1, 14, 15]
LAMP = np.array([0.0, -1.0, 0.0])


def _person(x: float, z: float) -> Person:
    rng = np.random.default_rng(4)
    body, look = sample_body(rng), sample_appearance(rng)
    motion = sample_motion(np.random.default_rng(2), 'stand', 'relaxed')
    return Person(body, look, motion, Path(np.array([x, z]), np.pi))


def _scene(people: list, boxes: tuple = ()) -> Scene:
    camera = Camera.from_intrinsics((300, 300), (160, 100), (321, 201), t=(0, 900, 0))
    return Scene(camera, people, list(boxes), LAMP, seed=3)


def _annotation(scene: Scene):
    return PictureMaker(scene, np.zeros(1)).draw(0)[1]


def test_a_person_in_front_hides_the_one_behind_and_not_the_other_way() -> None:
    annotation = _annotation(_scene([_person(0, 5500), _person(0, 3000)]))
    assert annotation.occluded[0, TORSO].all()
    assert not annotation.occluded[1].any()


def test_people_side_by_side_hide_nothing() -> None:
    assert not _annotation(_scene([_person(-900, 4000), _person(900, 4000)])).occluded.any()


def test_furniture_hides_the_legs() -> None:
    bits = (np.arange(8)[:, None] >> np.arange(3)) & 1
    box = Box((bits - (0.5, 1, 0.5)) * (1200, 700, 200) + (0, 0, 2500), np.full((6, 3), 90.0))
    occluded = _annotation(_scene([_person(0, 4000)], (box,))).occluded[0]
    assert occluded[[10, 13, 19, 20]].all()
    assert not occluded[[0, 1, 2, 5, 16]].any()


def test_outside_of_the_picture_is_neither_inside_nor_occluded() -> None:
    annotation = _annotation(_scene([_person(-2100, 4000)]))
    outside = (annotation.keypoints[..., 0] < -0.5) | (annotation.keypoints[..., 0] >= 320.5)
    assert 0 < outside.sum() < 21
    np.testing.assert_array_equal(annotation.inside, ~outside)
    assert not annotation.occluded[outside].any()


@pytest.mark.parametrize('seed', range(5))
def test_joints_lie_on_the_drawn_bodies(seed: int) -> None:
    """Inner joints that nothing hides are covered by their own body: the picture changes when the people leave."""
    scene = sample_scene(np.random.default_rng(seed), (320, 200), (1, 3))
    picture, annotation = PictureMaker(scene, np.zeros(1)).draw(0)
    empty, _ = PictureMaker(Scene(scene.camera, [], scene.boxes, scene.lamp, scene.seed), np.zeros(1)).draw(0)
    assert picture.shape == empty.shape == (200, 320, 3)
    for box in np.clip(annotation.boxes, 0, (319, 199, 319, 199)).astype(int):
        window = slice(box[1], box[3] + 1), slice(box[0], box[2] + 1)
        if picture[window].size > 300:
            assert np.abs(picture[window].astype(int) - empty[window]).mean() > 3


def test_boxes_hold_the_joints() -> None:
    annotation = _annotation(_scene([_person(0, 4000), _person(900, 3000)]))
    low, high = annotation.boxes[:, None, :2], annotation.boxes[:, None, 2:]
    assert ((annotation.keypoints >= low) & (annotation.keypoints <= high)).all()


def test_nobody() -> None:
    picture, annotation = PictureMaker(_scene([]), np.zeros(1)).draw(0)
    assert picture.shape == (201, 321, 3)
    assert annotation.keypoints_cam.shape == (0, 21, 3)
    assert annotation.boxes.shape == (0, 4)
