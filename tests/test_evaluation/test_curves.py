import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.functional.curves import CURVE_THRESHOLDS, area_under_curves, curves_to_dict, pck_curves
from mmp3d.evaluation.functional.pck import JOINT_GROUPS, auc_credit, average_scores, pck_credit


def scene(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Errors on and between thresholds with misses, weights, and sequences of which one has nobody."""
    rng = np.random.default_rng(seed)
    errors = np.where(rng.random((30, 17)) < 0.5, rng.integers(0, 45, (30, 17)) * 5.0, rng.random((30, 17)) * 250)
    errors[rng.random((30, 17)) < 0.1] = rng.choice([np.inf, np.nan])
    return errors, (rng.random((30, 17)) < 0.8).astype(float), rng.choice([0, 1, 3], 30), 4


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), average=st.sampled_from(['sequences', 'pooled']))
def test_every_point_is_the_pck_at_its_threshold_and_the_area_is_the_auc(seed, average):
    errors, weight, sequence, count = scene(seed)
    curves = pck_curves(errors, weight, sequence, count, average)
    for column, threshold in enumerate(CURVE_THRESHOLDS):
        expected = average_scores(pck_credit(errors, threshold), weight, sequence, count, average)
        np.testing.assert_allclose(curves[:, column], expected, atol=1e-9)
    official = average_scores(auc_credit(errors), weight, sequence, count, average)
    np.testing.assert_allclose(area_under_curves(curves), official, atol=1e-9)


def test_nobody_has_no_curve_and_the_dict_stays_json():
    for people in (0, 2):
        curves = pck_curves(np.zeros((people, 17)), np.zeros((people, 17)), np.zeros(people, int), min(people, 1))
        assert np.isnan(curves).all()
        assert curves_to_dict(curves)['auc']['total'] is None
        json.dumps(curves_to_dict(curves), allow_nan=False)


def test_dict_holds_what_a_picture_needs():
    curves = pck_curves(np.zeros((1, 17)), np.ones((1, 17)), np.zeros(1, int), 1)
    saved = curves_to_dict(curves)
    assert list(saved['pck']) == list(saved['auc']) == list(JOINT_GROUPS)
    assert saved['thresholds'] == list(range(0, 201, 5))
    assert saved['pck']['total'] == [0] + [100] * 40
    assert saved['auc']['total'] == pytest.approx(100 * 30 / 31)
