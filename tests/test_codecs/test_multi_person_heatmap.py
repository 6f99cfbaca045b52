"""What is encoded is decoded: places and groups of all people in a crop, the box's own person first."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.codecs import MultiPersonHeatmap
from tests.test_models.top_down_scenes import SIZE, box_of, ideal_maps

CODEC = MultiPersonHeatmap(SIZE, stride=4, sigma=1.0)
OWN_CODEC = MultiPersonHeatmap(SIZE, stride=4, sigma=1.0, own_tag_spread=1.0)


def people(seed):
    """Two people side by side, no two joints of one kind near each other."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.uniform((left, 12), (left + 30, 116), (17, 2)) for left in (16, 82)])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 1))
def test_round_trip_with_own_person_first(seed, own):
    truth = people(seed)
    found = CODEC.decode(*ideal_maps(CODEC.encode(truth)), box_of(truth[own]))
    assert len(found) == 2
    np.testing.assert_allclose(found.keypoints, truth[[own, 1 - own]], atol=2.0)


def test_joint_without_label_is_no_target():
    visible = np.ones((2, 17))
    visible[1, 3] = 0
    encoded = CODEC.encode(people(0), visible)
    assert encoded['keypoint_weights'].sum() == 33
    alone = CODEC.encode(people(0)[:1])
    np.testing.assert_array_equal(encoded['heatmaps'][3], alone['heatmaps'][3])


def test_joint_outside_of_the_crop_is_not_taken_from_the_neighbour():
    truth = people(2)
    visible = np.ones((2, 17))
    visible[1, 5] = 0
    found = CODEC.decode(*ideal_maps(CODEC.encode(truth, visible)), box_of(truth[0]))
    assert found.keypoint_scores[0].min() > 0.6
    assert np.flatnonzero(found.keypoint_scores[1] == 0).tolist() == [5]


def test_nobody():
    found = CODEC.decode(*ideal_maps(CODEC.encode(np.zeros((0, 17, 2)))), np.array([0, 0, 9, 9]))
    assert found.keypoints.shape == (0, 17, 2) and found.bbox_scores.shape == (0,)


def test_single_person_baseline_sees_the_first_alone():
    codec = MultiPersonHeatmap(SIZE, stride=4, sigma=1.0, multi_person=False)
    truth = people(1)
    encoded = codec.encode(truth)
    assert encoded['keypoint_weights'].shape == (1, 17)
    found = codec.decode(ideal_maps(encoded)[0])
    assert len(found) == 1
    np.testing.assert_allclose(found.keypoints[0], truth[0], atol=2.0)


@pytest.mark.parametrize('fill_missing', [True, False])
def test_own_person_is_read_anew_where_tags_split_it(fill_missing):
    truth = people(6)
    heatmaps, tags = ideal_maps(CODEC.encode(truth))
    # The own person's joints fall into two groups, 1.5 apart.
    cells = CODEC.encode(truth)['keypoint_indices'][0]
    for joint in range(9, 17):
        tags[joint, 0].view(-1)[int(cells[joint])] = 1.5
    options = dict(stride=4, sigma=1.0, tag_threshold=0.9, fill_missing=fill_missing)
    split = MultiPersonHeatmap(SIZE, **options).decode(heatmaps, tags, box_of(truth[0]))
    whole = MultiPersonHeatmap(SIZE, **options, own_tag_spread=1.0).decode(heatmaps, tags, box_of(truth[0]))
    assert len(split) == 3 and len(whole) == 2
    np.testing.assert_allclose(whole.keypoints, truth, atol=2.0)
    np.testing.assert_allclose(whole.bbox_scores, whole.keypoint_scores.mean(axis=1))


def test_own_person_alone_is_read_anew():
    truth = people(7)[:1]
    found = OWN_CODEC.decode(*ideal_maps(OWN_CODEC.encode(truth)), box_of(truth[0]))
    np.testing.assert_allclose(found.keypoints, truth, atol=2.0)


def test_nobody_is_read_anew():
    found = OWN_CODEC.decode(*ideal_maps(OWN_CODEC.encode(np.zeros((0, 17, 2)))), np.array([0, 0, 9, 9]))
    assert found.keypoints.shape == (0, 17, 2)


@pytest.mark.parametrize('multi_person', [True, False])
@pytest.mark.parametrize('own_tag_spread', [None, 1.0])
def test_joints_that_are_never_labelled_are_not_found(multi_person, own_tag_spread):
    codec = MultiPersonHeatmap(
        SIZE, stride=4, sigma=1.0, multi_person=multi_person, own_tag_spread=own_tag_spread, unlabelled_joints=(0, 15)
    )
    truth = people(8)[:1]
    heatmaps, tags = ideal_maps(codec.encode(truth))
    before = heatmaps.clone()
    found = codec.decode(heatmaps, tags, box_of(truth[0]))
    assert np.flatnonzero(found.keypoint_scores[0] == 0).tolist() == [0, 15]
    torch.testing.assert_close(heatmaps, before)


def test_size_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match='multiple of stride'):
        MultiPersonHeatmap((130, 128), stride=4)


@pytest.mark.parametrize('spread', [0, -1.0, float('nan')])
def test_a_spread_that_is_none_is_refused(spread):
    with pytest.raises(ValueError, match='own_tag_spread'):
        MultiPersonHeatmap(SIZE, stride=4, own_tag_spread=spread)
