"""Depth that a network predicts, and millimetres."""

import numpy as np

from mmp3d.geometry.depth import metric_depth, normalize_depth


def test_a_focal_length_divides_the_depth_and_brings_it_back():
    depth = np.array([[3000.0, 4500], [0, np.nan]])
    normalized = normalize_depth(depth, 1500)
    np.testing.assert_array_equal(normalized, [[2, 3], [0, np.nan]])
    np.testing.assert_array_equal(metric_depth(normalized, 1500), depth)
    # Of an image half as large the same number means half of the depth.
    np.testing.assert_array_equal(metric_depth(normalized, 750), depth / 2)
    assert normalized.dtype == metric_depth(normalized, 1500.0).dtype == np.float32


def test_lists_and_nobody_are_legal():
    assert normalize_depth([500, 1000], 500).tolist() == [1, 2]
    assert metric_depth([], 500).shape == (0,)
