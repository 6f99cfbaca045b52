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
