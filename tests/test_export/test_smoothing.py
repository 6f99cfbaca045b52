"""Smoothing keeps what moves, takes what trembles, and makes nothing up."""

from __future__ import annotations

import numpy as np
import pytest

from mmp3d.export.smoothing import METHODS, smoothed


def _walk(frames=200, fps=50.0, noise=0.0):
    time = np.arange(frames) / fps
    clean = np.zeros((1, frames, 17, 3))
    clean[..., 0] = 300 * np.sin(2 * np.pi * 0.5 * time)[None, :, None]
    return clean, clean + np.random.default_rng(0).normal(0, noise, clean.shape)


@pytest.mark.parametrize('method', list(METHODS))
def test_noise_and_acceleration_shrink(method):
    clean, noisy = _walk(noise=20)
    result = smoothed(noisy, 50, method)
    jerk = [np.linalg.norm(np.diff(each, 2, axis=1), axis=-1).mean() for each in (noisy, result)]
    assert jerk[1] < {'one-euro': 0.4, 'zero-phase': 0.25}[method] * jerk[0]
    assert np.abs(result - clean).mean() < np.abs(noisy - clean).mean()


def test_zero_phase_does_not_lag():
    clean, _ = _walk()
    np.testing.assert_allclose(smoothed(clean, 50, 'zero-phase')[0, 20:-20], clean[0, 20:-20], atol=1)


@pytest.mark.parametrize('method', list(METHODS))
def test_a_still_joint_stays(method):
    still = np.full((2, 40, 17, 3), 1234.5, np.float32)
    np.testing.assert_allclose(smoothed(still, 25, method), still, atol=1e-3)


@pytest.mark.parametrize('method', list(METHODS))
def test_gaps_stay_and_long_ones_part_the_track(method):
    points = np.zeros((1, 60, 17, 3), np.float32)
    points[0, 35:] = 5000
    points[0, 20:35] = np.nan
    points[0, 10] = np.nan
    points[0, 50, 3] = np.nan
    result = smoothed(points, 25, method)
    np.testing.assert_array_equal(np.isnan(result), np.isnan(points))
    # The two sides of the long gap know nothing of each other.
    np.testing.assert_allclose(result, points, atol=1e-2)


@pytest.mark.parametrize('method', list(METHODS))
@pytest.mark.parametrize('shape', [(0, 9, 17, 3), (1, 0, 17, 3), (1, 1, 17, 3), (1, 2, 17, 3)])
def test_nobody_and_few_frames(method, shape):
    assert smoothed(np.ones(shape), 25, method).shape == shape


def test_wrong_options_are_named():
    with pytest.raises(ValueError, match='one-euro'):
        smoothed(np.zeros((1, 3, 17, 3)), 25, 'median')
    with pytest.raises(ValueError, match='fps'):
        smoothed(np.zeros((1, 3, 17, 3)), 0, 'one-euro')
