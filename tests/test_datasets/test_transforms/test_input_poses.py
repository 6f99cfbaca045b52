"""Input poses: simulated at training, brought to the input's pixels at test."""

import numpy as np
from mmpose.datasets.transforms import BottomupResize

from mmp3d.datasets.transforms import SimulateInputPoses, WarpInputPoses


def item(people=3):
    keypoints = np.random.default_rng(0).uniform(20, 80, (people, 17, 2)).astype(np.float32)
    return dict(
        img=np.zeros((100, 100, 3), np.uint8),
        keypoints=keypoints,
        keypoints_visible=np.ones((people, 17), np.float32),
        keypoints_occluded=np.zeros((people, 17), np.float32),
        bbox=np.concatenate([keypoints.min(axis=1), keypoints.max(axis=1)], axis=1).reshape(people, 4),
    )


def test_simulated_poses_are_near_the_truth_and_differ_each_time():
    np.random.seed(0)
    noise = dict(miss=0, miss_person=0, false_people=0, swap=0, side_flip=0, jitter=0.1)
    transform = SimulateInputPoses(noise)
    first, second = transform.transform(item()), transform.transform(item())
    assert first['input_keypoints'].shape == (3, 17, 2)
    assert first['input_keypoint_scores'].shape == (3, 17)
    distances = np.abs(first['input_keypoints'][:, None] - first['keypoints'][None]).mean(axis=(2, 3))
    assert (np.sort(distances.min(axis=1)) > 0).all()
    assert (distances.min(axis=1) < 5).all()
    assert not np.array_equal(first['input_keypoints'], second['input_keypoints'])


def test_images_without_poses():
    dropped = SimulateInputPoses(drop_prob=1.0).transform(item())
    assert dropped['input_keypoints'].shape == (0, 17, 2)
    nobody = SimulateInputPoses(dict(false_people=0)).transform(item(people=0))
    assert nobody['input_keypoints'].shape == (0, 17, 2)


def test_who_is_out_of_the_input_is_not_found():
    data = item(people=1)
    data['keypoints'] += 200
    assert SimulateInputPoses(dict(false_people=0)).transform(data)['input_keypoints'].shape == (0, 17, 2)


def test_given_poses_are_kept():
    given = dict(item(), input_keypoints=np.ones((1, 17, 2), np.float32))
    assert SimulateInputPoses().transform(given)['input_keypoints'].shape == (1, 17, 2)
    assert SimulateInputPoses(keep_given=False).transform(given)['input_keypoints'].shape != (1, 17, 2)


def test_given_poses_follow_the_resize():
    image = np.zeros((100, 200, 3), np.uint8)
    image[60, 150] = 255
    data = dict(img=image, ori_shape=(100, 200), img_shape=(100, 200), input_keypoints=np.array([[[150.0, 60.0]]]))
    data = BottomupResize(input_size=(512, 256), size_factor=32, resize_mode='fit').transform(data)
    place = WarpInputPoses().transform(data)['input_keypoints'][0, 0]
    rows, columns = np.nonzero(data['img'][..., 0])
    assert np.allclose((columns.mean(), rows.mean()), place, atol=0.6)
