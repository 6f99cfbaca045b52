import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.functional.pose_errors import (
    mpjpe,
    n_mpjpe,
    pa_mpjpe,
    root_relative,
    sequence_weighted_mean,
    velocity_error,
    weighted_mpjpe,
)
from tests.shared_data import shared_path
from tests.test_evaluation.scenes import PELVIS, make_people


def test_videopose3d():
    folder = shared_path('golden/h36m_metrics/A')
    poses = np.load(folder / 'poses.npz')
    for case, expected in json.loads((folder / 'expected.json').read_text())['cases'].items():
        gt, pred, weight = (poses[f'{case}/{name}'] for name in ('gt', 'pred', 'w'))
        found = {
            'mpjpe': mpjpe(pred, gt),
            'p_mpjpe': pa_mpjpe(pred, gt),
            'n_mpjpe': n_mpjpe(pred, gt),
            'weighted_mpjpe': weighted_mpjpe(pred, gt, weight),
            'mean_velocity_error': velocity_error(pred, gt),
        }
        for name, values in found.items():
            assert values.mean() == pytest.approx(expected['float64'][name], rel=1e-9, abs=1e-12), (case, name)
            assert values.mean() == pytest.approx(expected['float32'][name], rel=1e-5, abs=1e-6), (case, name)


def test_each_alignment_forgives_what_it_fits_and_nothing_else():
    gt = root_relative(make_people(np.random.default_rng(0), 3), PELVIS)
    quarter = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    larger, turned, shifted = 1.5 * gt, gt @ quarter, gt + [30, 0, 40]
    assert mpjpe(shifted, gt) == pytest.approx([50] * 3)
    assert n_mpjpe(larger, gt) == pytest.approx([0] * 3, abs=1e-9)
    assert n_mpjpe(-gt, gt) == pytest.approx([0] * 3, abs=1e-9)
    for pred in (larger, turned, shifted):
        assert pa_mpjpe(pred, gt) == pytest.approx([0] * 3, abs=1e-9)
    assert pa_mpjpe(turned + 10, gt, scale=False) == pytest.approx([0] * 3, abs=1e-9)
    assert (pa_mpjpe(larger, gt, scale=False) > 10).all()
    assert (n_mpjpe(turned, gt) > 10).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.booleans())
def test_pa_mpjpe_does_not_change_with_a_rigid_motion_of_either_pose(seed, scale):
    rng = np.random.default_rng(seed)
    pred, gt = make_people(rng, 3), make_people(rng, 3)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.linalg.det(turn)
    shift = rng.normal(size=3) * 3000
    expected = pa_mpjpe(pred, gt, scale=scale)
    np.testing.assert_allclose(pa_mpjpe(pred @ turn + shift, gt, scale=scale), expected, rtol=1e-9)
    np.testing.assert_allclose(pa_mpjpe(pred, gt @ turn + shift, scale=scale), expected, rtol=1e-9)


def test_root_is_a_joint_or_the_mean_of_some():
    people = make_people(np.random.default_rng(1), 2)
    assert not root_relative(people, PELVIS)[:, PELVIS].any()
    np.testing.assert_allclose(root_relative(people, (8, 11))[:, [8, 11]].sum(axis=1), 0, atol=1e-9)


def test_only_valid_joints_count():
    gt = make_people(np.random.default_rng(2), 2)
    pred, valid = gt + [3, 0, 4], np.ones((2, 17))
    gt[0, 3], valid[0, 3], valid[1] = np.nan, 0, 0
    for error in (mpjpe, pa_mpjpe, n_mpjpe):
        values = error(pred, gt, valid)
        assert np.isfinite(values[0]) and np.isnan(values[1])
    assert mpjpe(pred, gt, valid)[0] == pytest.approx(5)


def test_zero_pose_and_poses_that_are_not_finite():
    gt = make_people(np.random.default_rng(3), 2)
    zero = np.zeros_like(gt)
    assert n_mpjpe(zero, gt) == pytest.approx(np.linalg.norm(gt, axis=-1).mean(axis=-1))
    from_mean = np.linalg.norm(gt - gt.mean(axis=1, keepdims=True), axis=-1).mean(axis=-1)
    assert pa_mpjpe(zero, gt) == pytest.approx(from_mean)
    pred = gt.copy()
    pred[0, 0, 0] = np.inf
    for error in (mpjpe, pa_mpjpe, n_mpjpe):
        values = error(pred, gt)
        assert not np.isfinite(values[0]) and values[1] == pytest.approx(0, abs=1e-9)


def test_sequences_weigh_by_their_poses_not_by_their_steps():
    values = np.array([1.0, 1.0, np.nan, 4.0, np.nan, np.nan])
    sequence = np.array([0, 0, 0, 1, 1, 2])
    assert sequence_weighted_mean(values, sequence, np.ones(6)) == pytest.approx((3 * 1 + 2 * 4) / 5)
    assert np.isnan(sequence_weighted_mean(values[:0], sequence[:0], np.ones(0)))
    assert np.isnan(sequence_weighted_mean(values[2:3], sequence[2:3], np.ones(1)))
