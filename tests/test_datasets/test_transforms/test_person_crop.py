"""The crop brings the neighbours' joints along, and its metainfo leads back to the image."""

import numpy as np
import pytest

from mmp3d.datasets.transforms.person_crop import PersonCrop
from mmp3d.geometry.crop import image_to_input, input_to_image

BOX = np.array([40.0, 20, 80, 100], np.float32)


def item(**more):
    return dict(img=np.full((120, 160, 3), 200, np.uint8), **more)


def test_points_go_to_the_crop_and_back():
    cut = PersonCrop((64, 128))(item(crop_box=BOX))
    points = np.random.default_rng(0).uniform(0, 100, (5, 2))
    np.testing.assert_allclose(input_to_image(image_to_input(points, cut), cut), points, atol=1e-9)
    # The box's centre is the crop's.
    np.testing.assert_allclose(image_to_input(BOX.reshape(2, 2).mean(axis=0), cut), [32, 64])
    assert cut['img'].shape == (128, 64, 3) and not cut['crop_unusable']


@pytest.mark.parametrize('box', [[0, 0, 0, 0], [np.nan] * 4, [500, 500, 600, 600]])
def test_unusable_box_is_marked(box):
    cut = PersonCrop((64, 128))(item(crop_box=np.array(box)))
    assert cut['crop_unusable'] and not cut['img'].any()


def test_only_mmpose_items_ask_for_their_own_person_alone():
    assert PersonCrop((64, 128))(item(bbox=BOX[None]))['own_person_only']
    assert not PersonCrop((64, 128))(item(crop_box=BOX))['own_person_only']


def test_item_without_a_box_is_named():
    with pytest.raises(ValueError, match='crop_box'):
        PersonCrop((64, 128))(item())
