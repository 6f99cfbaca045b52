"""The mask of the maps is the warped image without the people that nobody labelled."""

import numpy as np
import pytest
from mmpose.datasets.transforms import BottomupGetHeatmapMask

from mmp3d.datasets.transforms import RandomBottomUpWarp, ValidRegionMask
from mmp3d.datasets.transforms.valid_region import inside_of_image

INPUT = (96, 64)


def warped(seed, stride, segs=()):
    np.random.seed(seed)
    data = dict(img=np.zeros((50, 70, 3), np.uint8), img_shape=(50, 70), flip_indices=[])
    data = RandomBottomUpWarp(INPUT, rotation=40, scale=(0.4, 1.2)).transform(data)
    maps = np.zeros((17, INPUT[1] // stride, INPUT[0] // stride), np.float32)
    return dict(data, heatmaps=maps, invalid_segs=list(segs))


@pytest.mark.parametrize('stride', [1, 2, 4])
@pytest.mark.parametrize('seed', range(6))
def test_without_unlabelled_people_it_is_mmposes_up_to_the_border(seed, stride):
    data = warped(seed, stride)
    ours = ValidRegionMask().transform(dict(data))['heatmap_mask']
    theirs = BottomupGetHeatmapMask().transform(dict(data))['heatmap_mask']
    assert ours.dtype == bool
    assert ours.shape == (1, *theirs.shape)
    differing = np.argwhere(ours[0] != theirs)
    back = np.linalg.inv(np.vstack([data['warp_mat'], [0, 0, 1]]))
    places = (differing[:, ::-1] + 0.5) * stride - 0.5
    places = places @ back[:2, :2].T + back[:2, 2]
    to_border = np.abs(np.stack([places + 0.5, places + 0.5 - (70, 50)], axis=1)).min(axis=(1, 2))
    # mmpose rounds the place to 1/32 px and softens corners.
    assert (to_border < 0.5).all()
    assert len(differing) <= 0.02 * theirs.size


def test_unlabelled_people_are_left_out():
    polygon = [[10.0, 10, 40, 10, 40, 30, 10, 30]]
    free = ValidRegionMask().transform(warped(1, 2))['heatmap_mask']
    masked = ValidRegionMask().transform(warped(1, 2, [polygon]))['heatmap_mask']
    assert masked.shape == free.shape
    assert masked.sum() < free.sum() - 50


def test_without_maps_or_warp_it_is_mmposes():
    data = warped(0, 1)
    del data['heatmaps']
    assert ValidRegionMask().transform(data)['heatmap_mask'].shape == (1, INPUT[1], INPUT[0])


# No centre comes so near a border that digits decide.
@pytest.mark.parametrize(
    'warp',
    [
        [[0.8, 0.3, -4.3], [-0.3, 0.8, 20.1]],
        [[-1.1, 0, 60.2], [0, 1.1, -7.3]],
        [[0, 0.7, 5.15], [-0.7, 0, 55.15]],
        [[1, 0, 500], [0, 1, 0.2]],
        [[2, 0, 0.2], [0, 0.5, 40.2]],
    ],
)
def test_a_cell_is_inside_where_its_centre_is(warp):
    back = np.linalg.inv(np.vstack([warp, [0, 0, 1]]))
    rows, columns = np.mgrid[:32, :48] * 2 + 0.5
    x, y = (row[0] * columns + row[1] * rows + row[2] for row in back[:2])
    expected = (x > -0.5) & (x < 69.5) & (y > -0.5) & (y < 49.5)
    np.testing.assert_array_equal(inside_of_image(warp, (50, 70), (32, 48), (2, 2)), expected)
