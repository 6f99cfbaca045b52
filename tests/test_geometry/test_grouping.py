"""Candidates go to the person whose tag they carry."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.geometry.grouping import BodyReach, group_by_tags


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
