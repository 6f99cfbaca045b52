"""Frames by process."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.datasets.balanced_shares import owners


def test_the_longest_go_first():
    assert owners([10, 90, 30, 20], 2).tolist() == [1, 0, 1, 1]
    assert owners([], 3).tolist() == []


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=40), st.integers(1, 8))
def test_nobody_has_much_more_than_the_mean(lengths, processes):
    loads = np.bincount(owners(lengths, processes), lengths, processes)
    assert loads.sum() == sum(lengths)
    # Whoever has most had least before the last sequence was added.
    assert loads.max() <= sum(lengths) / processes + max(lengths)
