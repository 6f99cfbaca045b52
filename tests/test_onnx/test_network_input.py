"""An image becomes the input that mmpose's transforms and preprocessor make of it."""

import numpy as np
import pytest
import torch
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.registry import TRANSFORMS
from mmpose.structures import PoseDataSample

from mmp3d import register_all_modules
from mmp3d.onnx.network_input import NetworkInput

register_all_modules()
NORMAL = dict(mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375), bgr_to_rgb=True)


@pytest.mark.parametrize('mode', ['expand', 'fit'])
@pytest.mark.parametrize('shape', [(108, 192), (301, 200), (160, 256), (97, 640)])
def test_the_input_is_that_of_mmposes_transforms(mode, shape):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    resize = dict(input_size=(128, 96), size_factor=32, resize_mode=mode)
    transform = TRANSFORMS.build(dict(type='BottomupResize', pad_val=(114, 110, 7), **resize))
    item = transform(dict(img=image, ori_shape=shape))
    preprocessor = PoseDataPreprocessor(**{**NORMAL, 'mean': list(NORMAL['mean']), 'std': list(NORMAL['std'])})
    batch = dict(inputs=[torch.from_numpy(item['img']).permute(2, 0, 1)], data_samples=[PoseDataSample()])
    expected = preprocessor(batch)['inputs'][0].numpy()
    found = NetworkInput(pad_value=(114, 110, 7), **resize, **NORMAL)(image)
    np.testing.assert_allclose(found.planes, expected, atol=1e-6)
    scale = item['input_scale'].astype(float)
    np.testing.assert_allclose(found.scale, scale / item['input_size'])
    np.testing.assert_allclose(found.offset, item['input_center'] - scale / 2)


def test_another_way_to_resize_is_named():
    with pytest.raises(ValueError, match="resize_mode must be one of .*'expand', 'fit'.*, got 'crop'"):
        NetworkInput((128, 96), 32, 'crop', (0, 0, 0), **NORMAL)


def test_a_line_of_pixels_is_not_looked_at():
    thin = np.zeros((1, 300, 3), np.uint8)
    with pytest.raises(ValueError, match='300 x 1 px is too long and thin'):
        NetworkInput((128, 96), 32, 'expand', (0, 0, 0), **NORMAL)(thin)
