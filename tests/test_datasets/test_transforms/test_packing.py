"""Packing of items with and without a picture."""

import numpy as np
import pytest
import torch

from mmp3d.datasets.transforms.packing import PackMultiPersonInputs
from mmp3d.geometry import MUPOTS17, Camera


def item(**fields):
    poses = np.zeros((1, 17, 2), np.float32)
    return dict(
        img_path='a.jpg', camera=Camera.from_fov(60, (4, 3)), flip_indices=MUPOTS17.flip_indices.tolist(),
        input_keypoints=poses, input_keypoint_scores=poses[..., 0], **fields)  # fmt: skip


def test_a_picture_becomes_planes():
    image = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
    packed = PackMultiPersonInputs()(item(img=image))
    np.testing.assert_array_equal(packed['inputs'].numpy(), image.transpose(2, 0, 1))


def test_an_item_without_a_picture_has_the_sample_alone():
    packed = PackMultiPersonInputs()(item())
    assert list(packed) == ['data_samples']
    sample = packed['data_samples']
    assert sample.img_path == 'a.jpg' and sample.camera['image_size'] == [4, 3] and len(sample.input_instances) == 1


def test_targets_become_tensors_as_the_codec_names_them():
    labels, maps = np.ones((2, 17), np.float32), np.ones((17, 4, 4), np.float32)
    tables = dict(label_mapping_table=dict(weights='w', absent='a'), field_mapping_table=dict(heatmaps='heatmaps'))
    sample = PackMultiPersonInputs()(item(weights=labels, heatmaps=maps, **tables))['data_samples']
    assert sample.gt_instance_labels.keys() == ['w'] and sample.gt_fields.heatmaps.shape == maps.shape
    assert torch.equal(sample.gt_instance_labels.w, torch.from_numpy(labels)) and len(sample.gt_instances) == 0


def test_arrays_of_different_numbers_of_people_are_named():
    table = dict(label_mapping_table=dict(one='one', two='two'))
    with pytest.raises(ValueError, match=r"a\.jpg.*'one': 1, 'two': 2"):
        PackMultiPersonInputs()(item(one=np.ones(1), two=np.ones(2), **table))


def test_targets_of_several_codecs_are_refused():
    table = dict(field_mapping_table=dict(heatmaps='heatmaps'))
    with pytest.raises(ValueError, match=r"a\.jpg: \['heatmaps'\] hold several arrays"):
        PackMultiPersonInputs()(item(heatmaps=[np.ones((1, 4, 4))] * 2, **table))
