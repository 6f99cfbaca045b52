"""Stick figures: sides, colours and clipping."""

from __future__ import annotations

import numpy as np
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmp3d.geometry import COCO17, MUPOTS17
from mmp3d.visualization.limbs import LEFT, MIDDLE, RIGHT, Limbs, draw_person, person_colours

MUPOTS_LIMBS = Limbs.from_meta(parse_pose_metainfo(MUPOTS17.metainfo('mupots17')))


def test_sides_by_name():
    names = MUPOTS17.joint_names
    for name, side in zip(names, MUPOTS_LIMBS.joint_sides, strict=True):
        assert side == (LEFT if name.startswith('left') else RIGHT if name.startswith('right') else MIDDLE)
    assert len(MUPOTS_LIMBS.links) == 16
    assert np.bincount(MUPOTS_LIMBS.link_sides).tolist() == [6, 4, 6]


def test_limbs_across_the_body_are_in_the_middle():
    limbs = Limbs.from_meta(
        dict(keypoint_name2id={'left_hip': 0, 'right_hip': 1, 'neck': 2}, skeleton_links=[(0, 1), (2, 1)])
    )
    assert limbs.link_sides.tolist() == [MIDDLE, RIGHT]
    assert len(Limbs.from_meta(parse_pose_metainfo(COCO17.metainfo('coco'))).joint_sides) == 17


def test_colours_by_track_or_place():
    by_place = person_colours(None, 3)
    assert len(set(by_place)) == 3
    assert person_colours([2, -1], 2) == [by_place[2], by_place[1]]
    assert person_colours(np.array([], int), 0) == []
    assert len(person_colours(None, 100)) == 100


def test_left_is_lighter_than_right():
    points = np.stack([np.linspace(10, 90, 17), np.full(17, 20.0)], axis=1)
    left, right = np.zeros((40, 100, 3), np.uint8), np.zeros((40, 100, 3), np.uint8)
    for image, side in ((left, LEFT), (right, RIGHT)):
        draw_person(image, points, MUPOTS_LIMBS.joint_sides == side, MUPOTS_LIMBS, (200, 60, 50), 1, 2)
    assert left.max() > 220 and 0 < right.max() < 130


def test_points_far_outside_do_no_harm():
    image = np.zeros((40, 40, 3), np.uint8)
    points = np.full((17, 2), 20.0)
    points[0], points[1], points[2] = (1e12, -1e12), (np.nan, 0), (np.inf, 5)
    draw_person(image, points, np.ones(17, bool), MUPOTS_LIMBS, (200, 60, 50), 2, 2)
    assert image.any()
