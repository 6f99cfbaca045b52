"""Boxes around joints."""

import numpy as np

from mmp3d.geometry.boxes import boxes_around, joint_extents

JOINTS = np.array([[[10.0, 20], [30, 60], [500, 500]]])


def test_a_box_is_a_tenth_wider_than_its_joints():
    found = np.array([[True, True, False]])
    assert boxes_around(JOINTS, found).tolist() == [[8, 16, 32, 64]]
    assert boxes_around(JOINTS, ~found[:, :, None].any(axis=2)).tolist() == [[499.5, 499.5, 500.5, 500.5]]
    assert boxes_around(JOINTS, np.zeros((1, 3), bool)).tolist() == [[0, 0, 0, 0]]


def test_an_extent_is_that_of_the_found_joints_and_nobody_is_legal():
    assert joint_extents(JOINTS, np.array([[0.5, 0.1, 0]])).tolist() == [[10, 20, 30, 60]]
    assert joint_extents(JOINTS, np.zeros((1, 3))).tolist() == [[10, 20, 10, 20]]
    assert joint_extents(JOINTS[:0], np.zeros((0, 3))).shape == (0, 4)


def test_boxes_of_several_people_and_of_joints_that_are_not_finite():
    people = np.concatenate([JOINTS, JOINTS + 100])
    people[1, 2] = np.nan
    found = np.isfinite(people).all(axis=2)
    assert boxes_around(people, found).tolist() == [[-39, -28, 549, 548], [108, 116, 132, 164]]
    assert boxes_around(people[:0], found[:0]).shape == (0, 4)
    extents = joint_extents(people, np.array([[0, 0, 0], [0.5, 0.2, 0]]))
    assert extents.tolist() == [[10, 20, 10, 20], [110, 120, 130, 160]] and extents.dtype == np.float32
