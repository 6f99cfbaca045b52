"""Similarity of poses and of boxes, against formulas written out for one pair."""

import math

import numpy as np
import pytest

from mmp3d.geometry.pose_similarity import pairwise_iou, pairwise_oks

SIGMAS = np.array([0.1, 0.05])


def test_oks_is_cocos_formula_with_joints_weighted():
    first = np.array([[[0.0, 0], [10, 0]]])
    second = np.array([[[3.0, 4], [10, 2]], [[0, 0], [10, 0]]])
    weights = np.array([[1.0, 0.5]]), np.array([[1.0, 1.0], [1, 0]])
    similarity, common = pairwise_oks(first, weights[0], second, weights[1], np.array([40.0]), SIGMAS)
    far = [math.exp(-(distance**2) / (2 * (2 * sigma * 40) ** 2)) for distance, sigma in ((5, 0.1), (2, 0.05))]
    assert similarity[0, 0] == pytest.approx((far[0] + 0.5 * far[1]) / 1.5)
    assert similarity[0, 1] == 1
    assert common.tolist() == [[2, 1]]


def test_each_pair_may_have_a_size_of_its_own_and_no_common_joint_is_no_similarity():
    poses, weights = np.zeros((2, 2, 2)), np.eye(2)
    poses[1] += 3
    similarity, common = pairwise_oks(poses, weights, poses, weights, np.full((2, 2), 20.0), SIGMAS)
    assert similarity.tolist() == [[1, 0], [0, 1]] and common.tolist() == [[1, 0], [0, 1]]
    ones = np.ones((2, 2))
    sizes = np.array([[20.0, 10.0], [30.0, 20.0]])
    found, _ = pairwise_oks(poses, ones, poses, ones, sizes, SIGMAS)
    expected = np.mean([math.exp(-18 / (2 * (2 * sigma * 10) ** 2)) for sigma in SIGMAS])
    assert found[0, 1] == pytest.approx(expected) and found[1, 0] > found[0, 1]


def test_nobody():
    nobody, weights = np.zeros((0, 2, 2)), np.zeros((0, 2))
    similarity, common = pairwise_oks(nobody, weights, nobody, weights, np.zeros(0), SIGMAS)
    assert similarity.shape == common.shape == (0, 0)
    assert pairwise_iou(np.zeros((0, 4)), np.ones((3, 4))).shape == (0, 3)


def test_overlap_of_boxes():
    boxes = np.array(
        [[0.0, 0, 4, 2], [2, 1, 6, 3], [0, 0, 4, 2], [8, 8, 9, 9], [4, 0, 4, 9], [0, 0, np.nan, 2], [3, 2, 1, 0]]
    )
    overlaps = pairwise_iou(boxes[:2], boxes)
    np.testing.assert_allclose(overlaps[0], [1, 2 / 14, 1, 0, 0, 0, 0])
    np.testing.assert_allclose(overlaps[1, :4], [2 / 14, 1, 2 / 14, 0])
