"""Ends are exact and the middle is right within the step of the scale."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.datasets.inspection.spread import Spread


@settings(max_examples=30)
@given(st.lists(st.floats(1e-5, 1e6), min_size=1, max_size=50), st.integers(1, 7))
def test_as_numpy_within_a_step(values, chunk):
    spread = Spread()
    for start in range(0, len(values), chunk):
        spread.add(np.array(values[start : start + chunk]))
    assert spread.count == len(values)
    assert (spread.least, spread.greatest) == (min(values), max(values))
    assert spread.median == pytest.approx(sorted(values)[(len(values) - 1) // 2], rel=0.0024)


def test_nothing_zeros_and_nan():
    spread = Spread()
    spread.add(np.zeros(0))
    assert spread.count == 0
    assert np.isnan(spread.median)
    spread.add(np.array([[0.0, 0.0], [np.nan, 0.0]]))
    assert (spread.count, spread.median, spread.greatest) == (3, 0, 0)
