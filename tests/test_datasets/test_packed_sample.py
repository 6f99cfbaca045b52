"""Samples stay the same on devices, as copies and in files."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample

from mmp3d.datasets.packed_sample import PackedSample


def sample() -> PackedSample:
    """Labels of two people, maps, and metainfo."""
    made = PackedSample(metainfo=dict(img_path='a.jpg', flip_indices=[1, 0], joints_annotated=np.ones(2)))
    made.gt_instance_labels = InstanceData(places=torch.arange(6).view(2, 3), weights=torch.ones(2, 3))
    made.gt_fields = PixelData(heatmaps=torch.rand(1, 4, 5), mask=torch.ones(1, 4, 5, dtype=torch.bool))
    made.gt_instances = InstanceData(keypoints=np.ones((2, 3)))
    return made


def assert_same(found: PoseDataSample, wanted: PoseDataSample) -> None:
    """The same type, fields, types of arrays and values."""
    assert type(found) is type(wanted) and set(found.metainfo_keys()) == set(wanted.metainfo_keys())
    assert found.img_path == wanted.img_path and found.flip_indices == wanted.flip_indices
    for part in ('gt_instance_labels', 'gt_fields', 'gt_instances'):
        given, expected = getattr(found, part), getattr(wanted, part)
        assert type(given) is type(expected) and set(given.keys()) == set(expected.keys())
        for ours, theirs in ((getattr(given, name), getattr(expected, name)) for name in set(expected.keys())):
            assert type(ours) is type(theirs) and ours.dtype == theirs.dtype and np.array_equal(ours, theirs)


@pytest.mark.parametrize(
    'handed_on',
    [
        copy.copy,
        copy.deepcopy,
        lambda made: pickle.loads(pickle.dumps(made)),
        lambda made: made.to('cpu'),
        lambda made: made.cpu(),
    ],
)
def test_a_sample_stays_the_same_wherever_it_goes(handed_on):
    made = sample()
    assert_same(handed_on(made), made)


def test_a_sample_on_a_device_is_another_sample():
    made = sample()
    moved = made.to(torch.device('meta'))
    assert moved.gt_instance_labels.weights.device.type == moved.gt_fields.heatmaps.device.type == 'meta'
    assert made.gt_instance_labels.weights.device.type == 'cpu'
    moved.pred_instances = InstanceData()
    assert 'pred_instances' not in made
