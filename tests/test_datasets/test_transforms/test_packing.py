"""Packing of items with and without a picture."""

import numpy as np

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
