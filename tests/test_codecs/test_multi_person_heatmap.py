"""What is encoded is decoded: places and groups of all people in a crop, the box's own person first."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.codecs import MultiPersonHeatmap
from tests.test_models.top_down_scenes import SIZE, box_of, ideal_maps

CODEC = MultiPersonHeatmap(SIZE, stride=4, sigma=1.0)
OWN_CODEC = MultiPersonHeatmap(SIZE, stride=4, sigma=1.0, own_heatmaps=True)


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


@pytest.mark.parametrize('own', [0, 1])
def test_own_heatmaps_tell_the_own_person_where_tags_do_not(own):
    truth = people(3)[[own, 1 - own]]
    encoded = OWN_CODEC.encode(truth)
    np.testing.assert_array_equal(encoded['own_heatmaps'], OWN_CODEC.encode(truth[:1])['heatmaps'])
    heatmaps, tags = ideal_maps(encoded)
    found = OWN_CODEC.decode(heatmaps, 0 * tags, None, torch.from_numpy(encoded['own_heatmaps']))
    assert len(found) == 2
    np.testing.assert_allclose(found.keypoints, truth, atol=2.0)
    np.testing.assert_allclose(found.bbox_scores, found.keypoint_scores.mean(axis=1))


def test_nobody_but_the_own_person():
    encoded = OWN_CODEC.encode(people(4)[:1])
    found = OWN_CODEC.decode(*ideal_maps(encoded), None, torch.from_numpy(encoded['own_heatmaps']))
    assert found.keypoints.shape == (1, 17, 2)


def test_own_heatmaps_that_are_not_finite_say_nothing():
    encoded = OWN_CODEC.encode(people(5))
    own = torch.from_numpy(encoded['own_heatmaps']).clone()
    own[4] = torch.nan
    found = OWN_CODEC.decode(*ideal_maps(encoded), None, own)
    assert np.flatnonzero(found.keypoint_scores[0] == 0).tolist() == [4]
    assert np.isfinite(found.keypoints).all()


@pytest.mark.parametrize(
    'options, named',
    [
        (dict(input_size=(130, 128)), 'multiple of stride'),
        (dict(input_size=SIZE, multi_person=False, own_heatmaps=True), 'own_heatmaps'),
    ],
)
def test_options_that_do_not_fit_are_named(options, named):
    with pytest.raises(ValueError, match=named):
        MultiPersonHeatmap(stride=4, **options)
