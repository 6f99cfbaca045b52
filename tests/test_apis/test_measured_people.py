"""Measured people are paired with the true ones that they show."""

import numpy as np
from mmengine.structures import InstanceData

from mmp3d.apis.measured_people import paired
from mmp3d.datasets.measured_people import COLUMNS
from mmp3d.geometry import Camera

CAMERA = Camera.from_fov(60, (160, 96))


def truth(places, invalid_root=()):
    """People of one shape at (x, z) mm."""
    body = np.random.default_rng(0).normal(0, 400, (17, 3))
    body -= body[14]
    points = np.array([body + (x, 0, z) for x, z in places]).reshape(-1, 17, 3)
    valid = np.ones(points.shape[:2], np.float32)
    valid[list(invalid_root), 14] = 0
    return InstanceData(
        keypoints=CAMERA.project(points).astype(np.float32),
        keypoints_visible=np.ones(points.shape[:2], np.float32),
        keypoints_cam=points.astype(np.float32),
        keypoints_3d_valid=valid,
    )


def measured(keypoints, scores=None):
    count = len(keypoints)
    return InstanceData(
        keypoints=np.asarray(keypoints, np.float32).reshape(count, 17, 2),
        keypoint_scores=np.ones((count, 17), np.float32) if scores is None else scores,
        relative_depths=np.zeros((count, 17), np.float32),
        root_depths=np.full(count, 20, np.float32),
    )


def test_each_is_paired_with_the_one_that_it_shows_and_a_false_one_with_nobody():
    people = truth([(-900, 4000), (900, 5000)])
    false = people.keypoints[0] + 300
    columns = paired(measured(np.stack([people.keypoints[1] + 2, false, people.keypoints[0]])), people, CAMERA)
    assert set(columns) == set(COLUMNS)
    assert columns['true_real'].tolist() == [True, False, True]
    assert np.allclose(columns['true_root_depths'], [5000 / CAMERA.focal, 0, 4000 / CAMERA.focal], rtol=1e-5)
    assert np.allclose(columns['true_keypoints'][0], people.keypoints[1], atol=1e-2)
    expected = people.keypoints_cam[1, :, 2] - people.keypoints_cam[1, 14, 2]
    assert np.allclose(columns['true_relative_depths'][0], expected, atol=1e-2)


def test_of_two_who_show_the_same_person_the_closer_one_is_real():
    people = truth([(0, 4000)])
    columns = paired(measured(np.stack([people.keypoints[0] + 4, people.keypoints[0]])), people, CAMERA)
    assert columns['true_real'].tolist() == [False, True]


def test_too_few_found_joints_show_nobody():
    people = truth([(0, 4000)])
    scores = np.zeros((1, 17), np.float32)
    scores[0, :2] = 1
    assert paired(measured(people.keypoints, scores), people, CAMERA)['true_real'].tolist() == [False]


def test_without_a_root_no_depth_is_known():
    people = truth([(0, 4000)], invalid_root=[0])
    columns = paired(measured(people.keypoints), people, CAMERA)
    assert columns['true_real'][0] and columns['true_labelled'][0].sum() == 16
    assert not columns['true_known'].any() and columns['true_root_depths'][0] == 0


def test_joints_outside_of_the_image_have_a_place_and_joints_behind_the_camera_none():
    people = truth([(0, 4000)])
    people.keypoints_cam[0, 3] = (9000, 0, 4000)
    people.keypoints_cam[0, 4, 2] = -10
    columns = paired(measured(people.keypoints), people, CAMERA)
    assert columns['true_keypoints'][0, 3, 0] > 160 and columns['true_labelled'][0, 3]
    assert not columns['true_labelled'][0, 4] and np.isfinite(columns['true_keypoints']).all()


def test_nobody_measured_or_nobody_there():
    nobody = truth([])
    assert len(paired(measured(np.zeros((0, 17, 2))), nobody, CAMERA)['true_real']) == 0
    assert paired(measured(np.full((1, 17, 2), 50.0)), nobody, CAMERA)['true_real'].tolist() == [False]
    assert len(paired(measured(np.zeros((0, 17, 2))), truth([(0, 4000)]), CAMERA)['true_real']) == 0
