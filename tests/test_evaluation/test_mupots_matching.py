import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.functional import match_people, pad_people


def person(x: float, y: float = 500.0) -> np.ndarray:
    return np.full((17, 2), (x, y))


def match(pred: list, gt: list, **options) -> list:
    """Indices for one frame."""
    pred_2d, pred_present = pad_people([np.array(pred, float).reshape(-1, 17, 2)])
    gt_2d, gt_present = pad_people([np.array(gt, float).reshape(-1, 17, 2)])
    return match_people(pred_2d, gt_2d, pred_present, gt_present, **options)[0].tolist()


def test_radius_is_strict_and_by_axis():
    assert match([person(139.99, 539.99)], [person(100)]) == [0]
    assert match([person(140)], [person(100)]) == [-1]
    assert match([person(100, 540)], [person(100)]) == [-1]


def test_most_joints_win_then_the_first():
    half = person(100)
    half[7:] = 900
    assert match([half, person(100)], [person(100)]) == [1]
    assert match([person(110), person(100)], [person(100)]) == [0]


def test_greedy_in_annotation_order_and_each_prediction_once():
    assert match([person(100)], [person(130), person(100)]) == [0, -1]
    assert match([person(100), person(130)], [person(110), person(135)]) == [0, 1]


def test_first_person_may_take_what_the_second_one_needs():
    near_both = person(100)
    first = person(100)
    first[5:] = 900
    assert match([near_both], [first, person(100)]) == [0, -1]


def test_only_joints_1_to_13_count():
    pred = person(900)
    pred[[0, 14, 15, 16]] = (100, 500)
    assert match([pred], [person(100)]) == [-1]
    pred[13] = (100, 500)
    assert match([pred], [person(100)]) == [0]


def test_joints_at_the_origin_or_not_finite_or_not_labelled_agree_with_nothing():
    assert match([np.zeros((17, 2))], [np.zeros((17, 2)) + 1]) == [-1]
    assert match([person(np.nan)], [person(100)]) == [-1]
    labelled = np.zeros((1, 1, 17))
    assert match([person(100)], [person(100)], gt_labelled=labelled) == [-1]
    labelled[0, 0, 5] = 1
    assert match([person(100)], [person(100)], gt_labelled=labelled) == [0]


def test_nobody_on_either_side():
    assert match([], [person(100)]) == [-1]
    assert match([person(100)], []) == []
    assert match([], []) == []


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), frames=st.integers(1, 6))
def test_batch_equals_frame_by_frame_and_no_prediction_is_used_twice(seed, frames):
    rng = np.random.default_rng(seed)
    pred = [rng.uniform(0, 150, (rng.integers(0, 4), 17, 2)) for _ in range(frames)]
    gt = [rng.uniform(0, 150, (rng.integers(0, 4), 17, 2)) for _ in range(frames)]
    pred_2d, pred_present = pad_people(pred)
    gt_2d, gt_present = pad_people(gt)
    together = match_people(pred_2d, gt_2d, pred_present, gt_present)
    for frame in range(frames):
        alone = match(list(pred[frame]), list(gt[frame]))
        assert together[frame, : len(gt[frame])].tolist() == alone
        used = [index for index in alone if index >= 0]
        assert len(used) == len(set(used))
        assert all(index < len(pred[frame]) for index in used)
