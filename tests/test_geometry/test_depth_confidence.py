"""How sure a place is at a known relative error."""

import numpy as np
import pytest

from mmp3d.geometry.depth_confidence import root_confidence, told_root_confidence


def test_probability_of_a_normal_error():
    # One standard deviation is 250 mm at 2.5 m and 10 percent: 68.27 percent lie within.
    roots = np.array([[0, 0, 2500], [0, 1500, 2000], [0, 0, 1250]], np.float32)
    np.testing.assert_allclose(root_confidence(roots, 0.1), [0.6827, 0.6827, 0.9545], atol=1e-4)
    assert root_confidence(roots, 0.1, tolerance=500.0)[0] == pytest.approx(0.9545, abs=1e-4)


def test_no_error_is_certain_and_nobody_is_legal():
    assert root_confidence(np.ones((2, 3)), 0.0).tolist() == [1, 1]
    assert root_confidence(np.zeros((0, 3)), 0.1).shape == (0,)


def test_told_errors_are_laplace_distributions():
    roots = np.array([[0.0, 0, 5000], [3000, 0, 4000]])
    found = told_root_confidence(roots, np.array([0.05, 0.1]), tolerance=250)
    np.testing.assert_allclose(found, [1 - np.exp(-1), 1 - np.exp(-0.5)])
    assert told_root_confidence(roots[:0], np.zeros(0)).shape == (0,)
