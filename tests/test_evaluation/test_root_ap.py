import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.functional import average_precision, nearest_roots, precision_recall, rank_true_positives


def ranked(scores, nearest, distances, radius=250.0):
    right, order = rank_true_positives(np.array(scores), np.array(nearest), np.array(distances), radius)
    return right.tolist(), order.tolist()


def test_second_detection_of_a_person_is_wrong_and_gets_no_other_person():
    right, order = ranked([0.5, 0.9, 0.7], [0, 0, 1], [10, 200, 300])
    assert order == [1, 2, 0]
    assert right == [True, False, False]


def test_radius_is_strict():
    assert ranked([1.0], [0], [250.0])[0] == [False]
    assert ranked([1.0], [0], [249.999])[0] == [True]


def test_nothing_beyond_9999_mm_is_right():
    assert ranked([1.0], [0], [9999.0], radius=20_000)[0] == [False]


def test_ties_keep_their_order_and_nan_comes_last():
    assert ranked([0.5, np.nan, 0.5, 0.9], [0, 1, 0, 2], [1, 1, 1, 1]) == ([True, True, False, True], [3, 0, 2, 1])


def test_first_rectangle_is_lost():
    assert average_precision(np.array([True]), 1) == 0
    assert average_precision(np.array([True]), 1, first_rectangle=True) == 1
    for people in (2, 5, 10):
        assert average_precision(np.ones(people, bool), people) == pytest.approx(1 - 1 / people)


def test_area_by_hand():
    right = np.array([True, False, True, False])
    precision, recall = precision_recall(right, 4)
    assert precision.tolist() == [1, 1 / 2, 2 / 3, 1 / 2]
    assert recall.tolist() == [1 / 4, 1 / 4, 1 / 2, 1 / 2]
    assert average_precision(right, 4) == pytest.approx(2 / 3 / 4)
    assert average_precision(right, 4, first_rectangle=True) == pytest.approx(1 / 4 + 2 / 3 / 4)


def test_nobody_to_find_is_nan_and_nothing_found_is_zero():
    assert np.isnan(average_precision(np.array([False]), 0))
    assert average_precision(np.zeros(0, bool), 3) == 0


def test_nearest_root_ignores_padding_and_takes_the_first_of_equals():
    gt = np.array([[[0, 0, 0], [200, 0, 0], [90, 0, 0]], [[0, 0, 0]] * 3], float)
    present = np.array([[True, True, False], [False] * 3])
    pred = np.array([[[100, 0, 0], [180, 0, 0], [np.nan, 0, 0]]] * 2, float)
    nearest, distances = nearest_roots(pred, gt, present)
    assert nearest[0, :2].tolist() == [0, 1]
    assert distances[0].tolist() == [100, 20, np.inf]
    assert np.isinf(distances[1]).all()


def test_nearest_root_of_nobody():
    nearest, distances = nearest_roots(np.zeros((2, 1, 3)), np.zeros((2, 0, 3)), np.zeros((2, 0), bool))
    assert nearest.shape == distances.shape == (2, 1)
    assert np.isinf(distances).all()


def greedy(scores, nearest, distances, radius):
    """The rule as a loop: each detection in turn, nearest person only, no second choice."""
    taken, right = set(), []
    for index in sorted(range(len(scores)), key=lambda i: -scores[i]):
        hit = distances[index] < radius and nearest[index] not in taken
        right.append(hit)
        if hit:
            taken.add(nearest[index])
    return right


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 30), people=st.integers(1, 8))
def test_equals_the_loop_and_lies_between_0_and_1(seed, count, people):
    rng = np.random.default_rng(seed)
    scores = np.round(rng.random(count), 1)
    nearest, distances = rng.integers(0, people, count), rng.uniform(0, 400, count)
    right, _ = ranked(scores, nearest, distances)
    assert right == greedy(scores, nearest, distances, 250)
    textbook = average_precision(np.array(right, bool), people, first_rectangle=True)
    assert 0 <= average_precision(np.array(right, bool), people) <= textbook <= 1
