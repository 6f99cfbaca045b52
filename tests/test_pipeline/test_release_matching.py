"""The released rule compares shapes and knows no places."""

import numpy as np

from mmp3d import register_all_modules
from mmp3d.pipeline.matching import CameraPeople
from mmp3d.pipeline.release_matching import match_as_released, match_by_shape

register_all_modules()


def poses(count, seed=0):
    return np.random.default_rng(seed).normal(0, 300, (count, 17, 3)) + [0, 0, 4000]


def test_shape_decides_wherever_it_stands():
    people = poses(4)
    order = [2, 0, 3, 1]
    assert match_as_released(people[order] + [5000, 0, 3000], people).tolist() == [1, 3, 0, 2]


def test_one_person_may_serve_several():
    person = poses(1)
    assert match_as_released(person, np.concatenate([person, person])).tolist() == [0, 0]


def test_nobody_and_nan():
    assert match_as_released(poses(0), poses(2)).tolist() == [-1, -1]
    assert match_as_released(poses(2), poses(0)).tolist() == []
    assert match_as_released(np.full((1, 17, 3), np.nan), poses(1)).tolist() == [-1]


def test_both_branches_take_pairs_and_leave_out_who_is_bottom_up_alone():
    people = poses(3)
    lower, upper = (CameraPeople(points, np.ones(points.shape[:2])) for points in (people, people[[1, 1]]))
    matches = match_by_shape(lower, upper)
    assert matches.pairs.tolist() == [[1, 0], [1, 1]]
    assert not len(matches.bottom_up_only) and not len(matches.top_down_only)
    assert match_by_shape(CameraPeople(people[:0], np.ones((0, 17))), upper).top_down_only.tolist() == [0, 1]
