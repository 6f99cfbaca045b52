"""Joints of a crop: of its own person, of the others in it, and occluded ones."""

from __future__ import annotations

import numpy as np
import pytest

from mmp3d.evaluation.metrics.crop_pck import CropPCK

CROP = dict(crop_box=np.array([0, 0, 100, 100]), input_center=(50, 50), input_scale=(200, 200), input_size=(128, 128))


def crop(predicted, truth, occluded=None):
    truth = np.asarray(truth, np.float32)
    boxes = np.concatenate([truth.min(axis=1), truth.max(axis=1)], axis=1)
    hidden = np.zeros(truth.shape[:2], bool) if occluded is None else occluded
    instances = dict(
        keypoints=truth, bboxes=boxes, keypoints_visible=np.ones(truth.shape[:2]), keypoints_occluded=hidden
    )
    return dict(CROP, pred_instances=dict(keypoints=np.asarray(predicted)), gt_instances=instances)


def measured(*crops):
    metric = CropPCK()
    metric.process(None, crops)
    return metric.evaluate(len(crops))


def standing(x):
    return np.linspace((x - 10, 5), (x + 10, 95), 17)


def test_everybody_found_in_any_order_of_the_others():
    truth = [standing(80), standing(50), standing(120)]
    # The box's own person is the one in the middle, whose box overlaps it as much as the first one's.
    scores = measured(crop([truth[0], truth[2], truth[1]], truth))
    assert [scores[f'CropPCK/{name}'] for name in ('all', 'own', 'others')] == [100, 100, 100]
    assert np.isnan(scores['CropPCK/occluded'])


def test_own_person_alone_misses_the_hidden_neighbour():
    truth = [standing(50), standing(80)]
    hidden = np.zeros((2, 17), bool)
    hidden[1, :10] = True
    scores = measured(crop(truth[:1], truth, hidden))
    assert scores == pytest.approx({'CropPCK/all': 50, 'CropPCK/own': 100, 'CropPCK/others': 0, 'CropPCK/occluded': 0})


def test_a_joint_is_found_within_a_tenth_of_the_longer_side():
    truth = standing(50)[None]
    shifted = truth + np.where(np.arange(17) < 8, 8.9, 9.1)[:, None] * (1, 0)
    assert measured(crop(shifted, truth))['CropPCK/own'] == pytest.approx(100 * 8 / 17)


def test_joints_outside_of_the_crop_do_not_count():
    truth = np.stack([standing(50), standing(400)])
    assert measured(crop(truth[:1], truth))['CropPCK/all'] == 100


def test_nobody_found_and_nobody_there():
    truth = standing(50)[None]
    scores = measured(crop(np.zeros((0, 17, 2)), truth))
    assert scores['CropPCK/own'] == 0 and scores['CropPCK/all'] == 0
    empty = crop(np.zeros((0, 17, 2)), truth)
    empty['gt_instances'] = {name: value[:0] for name, value in empty['gt_instances'].items()}
    assert np.isnan(measured(empty)['CropPCK/all'])


def test_threshold_must_be_positive():
    with pytest.raises(ValueError, match='threshold'):
        CropPCK(threshold=0)
