"""A person in front hides the joints behind his limbs, and nobody hides himself."""

import numpy as np

from mmp3d.geometry import MUPOTS17, Camera, hidden_behind_people

FOCAL = 1000.0


def standing(x, z):
    """A stick figure, arms out: head at the top, feet 1.7 m lower."""
    points = np.zeros((17, 3))
    heights = dict(head_top=0, head=100, neck=300, spine=600, pelvis=850, knee=1250, ankle=1650, hip=850, shoulder=300)
    for joint, name in enumerate(MUPOTS17.joint_names):
        side = name.removeprefix('left_').removeprefix('right_')
        points[joint] = (x, heights.get(side, 300), z)
    return points


def hidden(*people):
    points = np.stack(people)
    camera = Camera.from_intrinsics((FOCAL, FOCAL), (0, 0), (100, 100))
    return hidden_behind_people(camera.project(points), points[..., 2], FOCAL)


def test_who_stands_behind_is_hidden():
    front, behind = hidden(standing(0, 3000), standing(0, 3600))
    assert not front.any()
    assert behind.sum() >= 12


def test_who_stands_beside_is_not():
    assert not hidden(standing(0, 3000), standing(600, 3600)).any()


def test_people_at_the_same_depth_do_not_hide_each_other():
    assert not hidden(standing(0, 3000), standing(0, 3100)).any()


def test_unknown_depth_neither_hides_nor_is_hidden():
    points = np.stack([standing(0, 3000), standing(0, 3600)])
    pixels = Camera.from_intrinsics((FOCAL, FOCAL), (0, 0), (100, 100)).project(points)
    depth = points[..., 2].copy()
    depth[0] = 0
    assert not hidden_behind_people(pixels, depth, FOCAL).any()


def test_nobody_and_one():
    assert hidden_behind_people(np.zeros((0, 17, 2)), np.zeros((0, 17)), FOCAL).shape == (0, 17)
    assert not hidden(standing(0, 3000)).any()
