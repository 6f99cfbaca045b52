"""Boxes of frames to people of frames."""

import numpy as np
import pytest
import torch

from mmp3d import register_all_modules
from mmp3d.codecs.heatmaps import render_person_heatmaps
from mmp3d.pipeline import find_people
from tests.test_models.top_down_scenes import box_of, perfect_network, small_network, standing

register_all_modules()
IMAGE = np.zeros((120, 160, 3), np.uint8)


def matched(found, truth):
    """Greatest joint error, px, of the nearest found person to each true one."""
    return [np.abs(found.keypoints - person).max(axis=(1, 2)).min() for person in truth]


def test_two_people_through_two_boxes_and_through_one():
    truth = np.stack([standing(60, seed=1), standing(100, seed=2)])
    boxes = np.stack([box_of(person) for person in truth])
    both, one = find_people([IMAGE, IMAGE], [boxes, [[20, 5, 140, 115]]], perfect_network(truth))
    for found in (both, one):
        assert len(found) == 2
        assert max(matched(found, truth)) < 1.5
    assert both.bboxes.shape == (2, 4) and both.keypoint_scores.shape == (2, 17)


def test_people_come_as_input_heatmaps_of_the_bottom_up_branch():
    truth = np.stack([standing(60, seed=1), standing(100, seed=2)])
    found = find_people([IMAGE], [[[20, 5, 140, 115]]], perfect_network(truth))[0]
    maps = render_person_heatmaps(
        [torch.from_numpy(found.keypoints)], [torch.from_numpy(found.keypoint_scores)], (160, 120), sigma=4.0
    )
    columns, rows = truth.round().astype(int).transpose(2, 0, 1)
    assert maps.shape == (1, 17, 120, 160)
    assert maps[0].numpy()[np.arange(17), rows, columns].min() > 0.7


def test_crops_of_several_frames_share_batches():
    network, sizes = small_network(), []
    step = network.test_step
    network.test_step = lambda data: sizes.append(len(data['inputs'])) or step(data)
    box = [10, 10, 80, 110]
    frames = find_people([IMAGE] * 3, [[box, box], np.zeros((0, 4)), [box, box, box]], network, batch_size=4)
    assert sizes == [4, 1]
    assert len(frames) == 3 and len(frames[1]) == 0


@pytest.mark.parametrize(
    'box',
    [[200, 10, 260, 90], [10, 10, 10, 90], [80, 90, 10, 10], [np.nan, 0, 50, 50], [0, 0, np.inf, 50]],
    ids=['outside', 'flat', 'turned', 'nan', 'inf'],
)
def test_unusable_box_shows_nobody_and_spares_the_others(box):
    truth = standing(60)[None]
    found = find_people([IMAGE], [np.array([box, box_of(truth[0])])], perfect_network(truth))[0]
    assert len(found) == 1 and max(matched(found, truth)) < 1.5


def test_nobody():
    network = small_network()
    assert find_people([], [], network) == []
    empty = find_people([IMAGE], [np.zeros((0, 4))], network)[0]
    assert empty.keypoints.shape == (0, 17, 2) and empty.bboxes.shape == (0, 4)
    unusable = find_people([IMAGE], [[[0, 0, 0, 0]]], network)[0]
    assert sorted(unusable.keys()) == sorted(empty.keys()) and len(unusable) == 0


@pytest.mark.parametrize(
    'images, boxes, scores, named',
    [
        ([IMAGE], [], None, '1 images'),
        ([IMAGE.astype(float)], [[]], None, 'frame 0.*uint8'),
        ([IMAGE], [[[0, 0, 1]]], None, 'frame 0.*boxes'),
        ([IMAGE], [[[0, 0, 9, 9]]], [[1, 1]], 'frame 0.*box_scores'),
    ],
)
def test_errors_name_the_frame(images, boxes, scores, named):
    with pytest.raises(ValueError, match=named):
        find_people(images, boxes, small_network(), scores)
