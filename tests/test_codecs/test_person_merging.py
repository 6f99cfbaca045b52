"""One person through two boxes becomes one; two people who hug stay two."""

import numpy as np
import pytest
from mmengine.structures import InstanceData

from mmp3d.codecs.person_merging import merge_people
from mmp3d.geometry import MUPOTS17


def person(seed=0, x=100.0, height=160.0):
    rng = np.random.default_rng(seed)
    return np.stack([x + rng.uniform(-30, 30, 17), 100 + np.linspace(-0.5, 0.5, 17) * height], axis=-1)


def people(keypoints, scores=None):
    keypoints = np.asarray(keypoints, np.float32)
    scores = np.ones(keypoints.shape[:2], np.float32) if scores is None else np.asarray(scores, np.float32)
    return InstanceData(keypoints=keypoints, keypoint_scores=scores, number=np.arange(len(keypoints)))


def scores_of(*values):
    return np.repeat(np.array(values)[:, None], 17, axis=1)


@pytest.mark.parametrize('scores, kept', [((0.6, 0.8), 1), ((0.9, 0.8), 0)])
def test_one_person_through_two_boxes_is_kept_once_the_surer_one(scores, kept):
    first = person()
    merged = merge_people(people([first, first + 2], scores_of(*scores)), [0, 1])
    assert merged.number.tolist() == [kept]


def test_more_complete_is_kept():
    scores = scores_of(0.9, 0.8)
    scores[0, 8:] = 0
    assert merge_people(people([person(), person()], scores), [0, 1]).number.tolist() == [1]


def test_a_part_through_another_box_is_the_whole_person():
    scores = scores_of(0.9, 0.9)
    scores[1, 5:] = 0
    assert merge_people(people([person(), person() + 3], scores), [0, 1]).number.tolist() == [0]


@pytest.mark.parametrize('seed', range(10))
def test_hugging_people_with_nearly_equal_boxes_stay_two(seed):
    """Each is found through both boxes: four results, two people, each through the box of its own."""
    one = person(seed)
    # Facing each other: left is where the other's right is, in one and the same rectangle.
    other = one[MUPOTS17.flip_indices] * (-1, 1) + (200, 0)
    found = people([one, other, other + 1, one - 1], scores_of(0.9, 0.8, 0.7, 0.6))
    assert merge_people(found, [0, 0, 1, 1]).number.tolist() == [0, 2]


def test_a_boxs_own_person_is_kept_before_what_another_box_shows_of_it():
    own, neighbour = person(), person(1, x=300)
    found = people([neighbour, own + 4, own], scores_of(0.9, 0.8, 0.5))
    assert merge_people(found, [0, 0, 1]).number.tolist() == [0, 2]


@pytest.mark.parametrize('threshold, kept', [(0.85, [0, 2]), (1, [0, 2, 1])])
def test_others_with_the_extent_of_another_boxs_own_person_are_that_person(threshold, kept):
    own, neighbour = person(), person(1, x=300)
    # The same place, but hardly a joint where it should be.
    again = own[MUPOTS17.flip_indices] + (5, -5)
    found = people([neighbour, again, own], scores_of(0.9, 0.8, 0.5))
    assert merge_people(found, [0, 0, 1], threshold).number.tolist() == kept


def test_others_without_a_box_of_their_own_stay():
    found = people([person(), person(1, x=160), person(2, x=400)], scores_of(0.9, 0.8, 0.7))
    assert merge_people(found, [0, 0, 1]).number.tolist() == [0, 2, 1]


def test_people_of_one_box_need_more_to_be_one():
    near = people([person(), person() + 4], scores_of(0.9, 0.8))
    assert len(merge_people(near, [0, 1])) == 1
    assert len(merge_people(near, [0, 0])) == 2


def test_one_joint_visible():
    scores = scores_of(0.9, 0.8, 0.7)
    scores[1:, 1:] = 0
    # Both small ones are the first person's joint; alone, they are one.
    assert merge_people(people([person()] * 3, scores), [0, 1, 2]).number.tolist() == [0]
    alone = people([person(), person() + 500, person() + 0.5], scores[[1, 1, 1]])
    assert merge_people(alone, [0, 1, 2]).number.tolist() == [0, 1]


def test_people_without_joints_in_common_are_not_compared():
    scores = scores_of(0.9, 0.8)
    scores[0, :8], scores[1, 8:] = 0, 0
    assert len(merge_people(people([person(), person()], scores), [0, 1])) == 2


def test_nan_and_nobody():
    keypoints = np.stack([person(), np.full((17, 2), np.nan)])
    assert merge_people(people(keypoints), [0, 1]).number.tolist() == [0]
    assert len(merge_people(people(np.zeros((0, 17, 2)), np.zeros((0, 17))), np.zeros(0))) == 0


def test_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match='box_ids'):
        merge_people(people([person()]), [0, 1])
    with pytest.raises(ValueError, match='MuPoTS'):
        merge_people(people(np.zeros((1, 5, 2))), [0])


def test_a_lower_threshold_counts_for_the_others_too():
    own, neighbour = person(), person(1, x=300)
    moved = own + (13, 0)
    found = people([neighbour, moved, own], scores_of(0.9, 0.8, 0.5))
    moved_alone = people([own, moved], scores_of(0.9, 0.8))
    similarity = [len(merge_people(moved_alone, [0, 1], threshold)) for threshold in (0.2, 0.9)]
    assert similarity == [1, 2]
    assert merge_people(found, [0, 0, 1], 0.2).number.tolist() == [0, 2]
