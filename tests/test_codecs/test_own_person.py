"""Whose box it is."""

import numpy as np
import pytest

from mmp3d.codecs.own_person import box_overlaps, own_person


def corners(*boxes):
    """People of four joints, at the corners of boxes."""
    return np.array([[[x1, y1], [x2, y1], [x1, y2], [x2, y2]] for x1, y1, x2, y2 in boxes], float)


def test_the_greatest_overlap_not_the_nearest_centre():
    people = corners((18, 18, 22, 22), (0, 0, 40, 36))
    assert own_person(people, np.ones((2, 4)), np.array([0, 0, 40, 40])) == 1


def test_joints_that_were_not_found_do_not_count():
    people = corners((0, 0, 40, 40), (0, 0, 30, 40))
    scores = np.ones((2, 4))
    scores[0, 1:3] = 0
    people[0, 3] = [10, 10]
    assert own_person(people, scores, np.array([0, 0, 40, 40])) == 1


@pytest.mark.parametrize('box, own', [((100, 0, 110, 10), 1), ((-30, 0, -20, 10), 0), ((0, 60, 10, 70), 0)])
def test_nobody_in_the_box_the_nearest_centre(box, own):
    people = corners((0, 0, 20, 20), (60, 0, 80, 20))
    assert own_person(people, np.ones((2, 4)), np.array(box)) == own


def test_overlaps():
    boxes = np.array([[0, 0, 4, 2], [2, 1, 6, 3], [8, 8, 9, 9]], float)
    np.testing.assert_allclose(box_overlaps(boxes, boxes[0]), [1, 2 / 14, 0], atol=1e-6)
