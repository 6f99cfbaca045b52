"""Colours change as mmpose's transform changes them."""

import numpy as np
import pytest
from mmpose.datasets.transforms import YOLOXHSVRandomAug

from mmp3d.datasets.transforms import RandomHSV


@pytest.mark.parametrize('seed', range(8))
def test_same_pixels_as_mmpose(seed):
    image = np.random.default_rng(seed).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    image[:4] = np.arange(4)[:, None, None] * 85
    kept = image.copy()
    np.random.seed(seed)
    ours = RandomHSV(hue_delta=40, saturation_delta=90, value_delta=90).transform(dict(img=image))['img']
    np.testing.assert_array_equal(image, kept)
    np.random.seed(seed)
    theirs = YOLOXHSVRandomAug(hue_delta=40, saturation_delta=90, value_delta=90).transform(dict(img=image))['img']
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize('gains', [(0, 0, 0), (5, 30, -30), (-5, -30, 30), (179, 0, 255), (-180, -255, 0), (200, 7, 7)])
def test_each_colour_is_that_of_mmpose(gains):
    levels = np.arange(0, 256, 5, dtype=np.uint8)
    image = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(52, -1, 3)
    results = []
    for transform in (RandomHSV(), YOLOXHSVRandomAug()):
        transform._get_hsv_gains = lambda: np.array(gains, np.int16)
        results.append(transform.transform(dict(img=image.copy()))['img'])
    np.testing.assert_array_equal(*results)
