"""The crop brings the neighbours' joints along, and its metainfo leads back to the image."""

import numpy as np
import pytest

from mmp3d.datasets.transforms.person_crop import PersonCrop, RandomPersonCrop
from mmp3d.geometry import MUPOTS17
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


def crowd():
    """The box's own person, a neighbour half inside of its crop, and somebody at the other end of the image."""
    keypoints = np.tile(np.linspace((45, 25), (75, 95), 17, dtype=np.float32), (3, 1, 1))
    keypoints[1] += (20, 0)
    keypoints[2, :, 0] = 155
    return item(
        crop_box=BOX,
        bbox=np.tile(BOX, (3, 1)),
        keypoints=keypoints,
        keypoints_visible=np.ones((3, 17), np.float32),
        track_ids=np.arange(3),
        flip_indices=MUPOTS17.flip_indices.tolist(),
    )


def test_random_crop_without_chance_is_the_plain_crop_and_brings_the_neighbour_along():
    still = RandomPersonCrop((64, 128), scale=(1, 1), rotation=0, shift=0, flip_prob=0)
    made, plain = still(crowd()), PersonCrop((64, 128))(crowd())
    assert made['track_ids'].tolist() == [0, 1]
    np.testing.assert_array_equal(made['img'], plain['img'])
    np.testing.assert_allclose(made['keypoints'], image_to_input(crowd()['keypoints'][:2], plain), atol=1e-3)


@pytest.mark.parametrize('seed', range(5))
def test_random_crop_moves_joints_with_the_picture(seed):
    """Each joint is where its own pixel went; left is right in a mirrored crop."""
    np.random.seed(seed)
    given = crowd()
    given['img'] = np.zeros((120, 160, 3), np.uint8)
    joint = MUPOTS17.joint_names.index('left_knee')
    x, y = given['keypoints'][0, joint].round().astype(int)
    given['keypoints'][0, joint] = x, y
    given['img'][y - 1 : y + 2, x - 1 : x + 2] = 255
    made = RandomPersonCrop((64, 128), scale=(1.2, 1.33), shift=0.05)(given)
    mirrored = np.linalg.det(made['warp_mat'][:, :2]) < 0
    moved = made['keypoints'][0, MUPOTS17.flip_indices[joint] if mirrored else joint]
    bright = np.argwhere((made['img'] > 200).all(axis=-1))[:, ::-1].mean(axis=0)
    np.testing.assert_allclose(moved, bright, atol=1.0)
    assert made['track_ids'][0] == 0


def test_random_crop_of_an_unusable_box_is_left_out():
    assert RandomPersonCrop((64, 128))(crowd() | dict(crop_box=np.zeros(4))) is None
