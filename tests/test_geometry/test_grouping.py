"""Candidates go to the person whose tag they carry."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.geometry.grouping import BodyReach, group_by_tags, reach_of_cells


@given(st.integers(0, 8), st.integers(2, 10), st.integers(1, 2), st.integers(0, 2**31))
@settings(max_examples=50, deadline=None)
def test_well_separated_tags_are_grouped_whatever_the_order(people, joints, tag_size, seed):
    rng = np.random.default_rng(seed)
    owners = np.stack([rng.permutation(people) for _ in range(joints)]).reshape(joints, people)
    tags = owners[..., None] * 5.0 + rng.uniform(-0.3, 0.3, (joints, people, tag_size)) / np.sqrt(tag_size)
    members = group_by_tags(rng.uniform(0.2, 1, (joints, people)), tags, range(joints))
    assert members.shape == (people, joints)
    grouped = owners[np.arange(joints), members]
    assert (grouped == grouped[:, :1]).all()


def test_low_scores_are_left_out():
    scores = np.array([[0.9, 0.05], [0.9, 0.8]])
    tags = np.array([[[0.0], [9.0]], [[0.1], [9.0]]])
    assert group_by_tags(scores, tags, (0, 1)).tolist() == [[0, 0], [-1, 1]]


def test_a_distant_candidate_does_not_displace_a_near_one():
    scores = np.array([[0.9, 0.0], [0.9, 0.2]])
    tags = np.array([[[0.0], [0.0]], [[5.0], [0.2]]])
    assert group_by_tags(scores, tags, (0, 1)).tolist() == [[0, 1], [-1, 0]]


def test_nobody():
    assert group_by_tags(np.zeros((17, 30)), np.zeros((17, 30, 1)), range(17)).shape == (0, 17)


def reach(places, scale_mm, weight=0.5):
    """Two joints that a body keeps within 500 mm of each other."""
    places = np.asarray(places, float)
    scales = np.full(places.shape[:2], np.log(scale_mm))
    return BodyReach(places, scales, np.array([[1.0, 500.0], [500.0, 1.0]]), weight)


def test_equal_tags_are_told_apart_by_place():
    scores, tags = np.full((2, 2), 0.9), np.zeros((2, 2, 1))
    places = [[[0, 0], [300, 0]], [[310, 0], [5, 0]]]
    assert group_by_tags(scores, tags, (0, 1), reach=reach(places, 1.0)).tolist() == [[0, 1], [1, 0]]


def test_no_limb_is_longer_than_it_can_be():
    scores, tags = np.array([[0.9], [0.9]]), np.zeros((2, 1, 1))
    places = [[[0, 0]], [[100, 0]]]
    assert group_by_tags(scores, tags, (0, 1), reach=reach(places, 4.0)).tolist() == [[0, 0]]
    # The same pixels on a person twice as far away are twice as many millimetres.
    assert group_by_tags(scores, tags, (0, 1), reach=reach(places, 8.0)).tolist() == [[0, -1], [-1, 0]]


def test_unknown_scale_leaves_the_tags_alone():
    scores, tags = np.array([[0.9], [0.9]]), np.zeros((2, 1, 1))
    assert group_by_tags(scores, tags, (0, 1), reach=reach([[[0, 0]], [[9000, 0]]], np.nan)).tolist() == [[0, 0]]


def test_a_candidate_at_the_threshold_is_left_out():
    scores, tags = np.array([[0.1, 0.11]]), np.array([[[0.0], [9.0]]])
    assert group_by_tags(scores, tags, (0,)).tolist() == [[1]]
    assert group_by_tags(scores, tags, (0,), score_threshold=0.05).tolist() == [[0], [1]]


def test_a_candidate_without_a_tag_is_left_out():
    tags = np.array([[[0.0, np.nan], [1, 1]], [[1, 1], [np.inf, 0]]])
    assert group_by_tags(np.full((2, 2), 0.9), tags, (0, 1)).tolist() == [[1, 0]]


def test_a_tag_further_than_the_threshold_starts_a_person():
    scores = np.full((2, 1), 0.9)
    for distance, limit, people in ((0.9, 1.0, 1), (1.1, 1.0, 2), (1.1, 1.2, 1), (0.9, 0.8, 2)):
        tags = np.array([[[0.0]], [[distance]]])
        assert len(group_by_tags(scores, tags, (0, 1), tag_threshold=limit)) == people


def test_of_candidates_alike_in_their_tags_the_one_with_the_best_score_is_taken():
    scores = np.array([[0.9, 0.0, 0.0], [0.3, 0.8, 0.5]])
    assert group_by_tags(scores, np.zeros((2, 3, 1)), (0, 1))[0].tolist() == [0, 1]


def test_a_person_s_tag_is_the_mean_of_its_joints():
    tags = np.array([[[0.0]], [[0.8]], [[1.3]]])
    # From the first joint 1.3, from the second 0.5, from the mean 0.9.
    assert group_by_tags(np.full((3, 1), 0.9), tags, (0, 1, 2)).tolist() == [[0, 0, 0]]
    tags[2] = 1.5
    assert len(group_by_tags(np.full((3, 1), 0.9), tags, (0, 1, 2))) == 2


def test_the_way_counts_with_its_weight_beside_the_tag():
    scores, tags = np.full((2, 1), 0.9), np.array([[[0.0]], [[0.6]]])
    places = [[[0, 0]], [[400, 0]]]
    # 400 of 500 mm: hypot(0.6, 0.8 * weight) against a threshold of 1.
    for weight, people in ((0.95, 1), (1.05, 2)):
        assert len(group_by_tags(scores, tags, (0, 1), reach=reach(places, 1.0, weight))) == people


def test_limbs_may_exceed_their_limit_by_half():
    scores, tags = np.full((2, 1), 0.9), np.zeros((2, 1, 1))
    for distance, people in ((740, 1), (760, 2)):
        assert len(group_by_tags(scores, tags, (0, 1), reach=reach([[[0, 0]], [[0, distance]]], 1.0, 0.1))) == people


def test_a_person_s_scale_is_the_geometric_mean_of_those_that_are_known():
    limits = np.full((4, 4), 500.0)
    places = np.array([[[0.0, 0]], [[0, 0]], [[0, 0]], [[0, 170]]])
    scales = np.log([[2.0], [np.nan], [8.0], [1.0]])
    # 170 px are 680 mm at 4 mm a pixel, within 750; at the arithmetic mean 5 they would be 850.
    given = BodyReach(places, scales, limits, 0.1)
    assert len(group_by_tags(np.full((4, 1), 0.9), np.zeros((4, 1, 1)), range(4), reach=given)) == 1
    places[3, 0, 1] = 190
    assert len(group_by_tags(np.full((4, 1), 0.9), np.zeros((4, 1, 1)), range(4), reach=given)) == 2


def test_cells_are_places_of_their_maps():
    cells, scales = np.array([[0, 7], [13, 6]]), np.array([[0.1, 0.2], [0.3, 0.4]])
    limits = np.full((2, 2), 500.0)
    found = reach_of_cells(cells, scales, 6, 4, limits, 0.3)
    assert found.places.tolist() == [[[0, 0], [4, 4]], [[4, 8], [0, 4]]]
    assert found.scales is scales and found.limits is limits and found.weight == 0.3
    of_one = reach_of_cells(cells, scales, 6, 4, limits, 0.3, scale_joint=1)
    np.testing.assert_array_equal(of_one.scales, [[np.nan, np.nan], [0.3, 0.4]])
