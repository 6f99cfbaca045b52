import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.functional import (
    JOINT_GROUPS,
    auc_credit,
    average_scores,
    joint_errors,
    pck_credit,
    sequence_scores,
)
from tests.test_evaluation.scenes import make_people

MISSED = [np.inf, np.nan]


def test_pck_is_strict_and_misses_earn_nothing():
    errors = np.array([0, 149.999, 150, 150.001, *MISSED])
    assert pck_credit(errors).tolist() == [1, 1, 0, 0, 0, 0]
    assert pck_credit(errors, inclusive=True).tolist() == [1, 1, 1, 0, 0, 0]
    assert pck_credit(errors, threshold=1).tolist() == [1, 0, 0, 0, 0, 0]


def test_auc_has_its_ceiling_and_misses_earn_nothing():
    assert 100 * auc_credit(np.zeros(1))[0] == pytest.approx(96.774193548387)
    assert auc_credit(np.array([150.0, *MISSED])).tolist() == [0, 0, 0]
    assert auc_credit(np.array([145.0, 149.9, 5.0, 4.9])) * 31 == pytest.approx([1, 1, 29, 30])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.one_of(st.floats(0, 200), st.sampled_from([0.0, 5.0, 150.0])), min_size=1, max_size=40))
def test_auc_is_the_mean_of_the_pck_curve(values):
    errors = np.array(values)
    curve = [pck_credit(errors, threshold).mean() for threshold in range(0, 151, 5)]
    assert auc_credit(errors).mean() == pytest.approx(np.mean(curve))


def test_groups_are_the_14_joints_and_exclude_pelvis_spine_and_head():
    single = [joint for name, joints in JOINT_GROUPS.items() if name != 'total' for joint in joints]
    assert sorted(single) == list(range(14)) == list(JOINT_GROUPS['total'])


def test_total_weights_joints_not_groups():
    credit = np.zeros((1, 17))
    credit[0, [0, 1]] = 1
    scores = sequence_scores(credit, np.ones((1, 17)), np.zeros(1, int), 1)[0]
    assert scores[:3].tolist() == [100, 100, 0]
    assert scores[-1] == pytest.approx(100 * 2 / 14)


def test_mean_of_sequences_is_not_the_pooled_mean():
    credit = np.zeros((4, 17))
    credit[0] = 1
    sequence, weight = np.array([0, 1, 1, 1]), np.ones((4, 17))
    assert average_scores(credit, weight, sequence, 2)[-1] == 50
    assert average_scores(credit, weight, sequence, 2, 'pooled')[-1] == 25


def test_sequence_without_people_is_left_out_and_none_at_all_is_nan():
    credit, weight = np.ones((1, 17)), np.ones((1, 17))
    assert average_scores(credit, weight, np.array([2]), 3)[-1] == 100
    assert np.isnan(average_scores(credit, 0 * weight, np.array([0]), 1)).all()
    assert np.isnan(average_scores(np.zeros((0, 17)), np.zeros((0, 17)), np.zeros(0, int), 0)).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), shift=st.tuples(*[st.floats(-2000, 2000)] * 3))
def test_relative_errors_ignore_position_absolute_ones_see_it(seed, shift):
    rng = np.random.default_rng(seed)
    pred, gt = make_people(rng, 3), make_people(rng, 3)
    moved = pred + np.array(shift)
    for bone_map in (True, False):
        np.testing.assert_allclose(
            joint_errors(moved, gt, bone_map=bone_map), joint_errors(pred, gt, bone_map=bone_map), atol=1e-6
        )  # noqa: E501
    exact = joint_errors(gt + np.array(shift), gt, root_relative=False)
    np.testing.assert_allclose(exact, np.linalg.norm(shift), atol=1e-6)


def test_bone_map_forgives_size_and_its_absence_does_not():
    gt = make_people(np.random.default_rng(0), 2)
    small = (gt - gt[:, 14:15]) * 0.8 + gt[:, 14:15]
    assert joint_errors(small, gt).max() < 1e-9
    assert joint_errors(small, gt, bone_map=False)[:, :14].min() > 1


def test_not_finite_joint_is_nan_alone_without_bone_map():
    gt = make_people(np.random.default_rng(0), 1)
    pred = gt.copy()
    pred[0, 9] = np.nan
    errors = joint_errors(pred, gt, bone_map=False)
    assert np.argwhere(np.isnan(errors)).tolist() == [[0, 9]]
