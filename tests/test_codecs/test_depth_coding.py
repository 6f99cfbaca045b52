"""Depth labels of a network."""

from __future__ import annotations

import numpy as np
import pytest

from mmp3d.codecs.depth_coding import LABELS, DepthCoding


@pytest.mark.parametrize('kind', [bool, np.float32, np.float64])
@pytest.mark.parametrize('count', [0, 2])
def test_without_3d_nothing_is_known_in_whatever_way_joints_are_marked(kind, count):
    labels = DepthCoding().encode(np.ones((count, 17), kind), None, None, None)
    assert set(labels) == set(LABELS)
    for values in labels.values():
        assert values.shape == (count, 17) and values.dtype == np.float32 and not values.any()
