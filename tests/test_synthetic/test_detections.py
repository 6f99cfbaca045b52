from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.synthetic.detections import DetectionNoise, simulate_detections

PERFECT = DetectionNoise(
    jitter=0, occluded_jitter=0, miss=0, occluded_miss=0, miss_person=0, miss_hidden_person=0, false_people=0, swap=0,
    side_flip=0, score=0.9, score_spread=0)  # fmt: skip


def _people(count: int, seed: int = 0) -> tuple:
    keypoints = np.random.default_rng(seed).uniform(50, 300, (count, 17, 2))
    boxes = np.concatenate([keypoints.min(1), keypoints.max(1)], axis=-1) if count else np.zeros((0, 4))
    return keypoints, np.ones((count, 17)), np.zeros((count, 17)), boxes


def test_without_noise_the_detections_are_the_truth_in_another_order() -> None:
    keypoints, *rest = _people(3)
    found, scores = simulate_detections(np.random.default_rng(0), keypoints, *rest, PERFECT)
    order = [int(np.abs(found - person).sum((1, 2)).argmin()) for person in keypoints]
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_allclose(found[order], keypoints, rtol=1e-6)
    np.testing.assert_allclose(scores, 0.9, rtol=1e-6)


@given(st.integers(0, 6), st.integers(0, 2**31))
def test_result_is_well_formed(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    keypoints, visible, occluded, boxes = _people(count, seed)
    visible[rng.random(visible.shape) < 0.3] = 0
    occluded[rng.random(visible.shape) < 0.4] = 1
    keypoints[visible == 0] = np.nan
    wild = replace(DetectionNoise(), false_people=1.0, swap=0.5, side_flip=0.3)
    found, scores = simulate_detections(rng, keypoints, visible, occluded, boxes, wild, (640, 400))
    assert found.shape == (len(found), 17, 2)
    assert scores.shape == found.shape[:2]
    assert found.dtype == scores.dtype == np.float32
    assert np.isfinite(found).all()
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (found[scores == 0] == 0).all()


def test_nobody_gives_empty_arrays() -> None:
    found, scores = simulate_detections(np.random.default_rng(0), *_people(0))
    assert found.shape == (0, 17, 2)
    assert scores.shape == (0, 17)


def test_the_same_generator_state_gives_the_same_detections() -> None:
    first, second = (simulate_detections(np.random.default_rng(5), *_people(4)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_occluded_joints_are_worse_and_missed_more_often() -> None:
    rng = np.random.default_rng(0)
    keypoints, visible, occluded, boxes = _people(1)
    occluded[0, :8] = 1
    noise = replace(DetectionNoise(), miss_person=0, miss_hidden_person=0, false_people=0, side_flip=0)
    runs = [simulate_detections(rng, keypoints, visible, occluded, boxes, noise) for _ in range(400)]
    scores = np.stack([scores[0] for _, scores in runs])
    error = np.stack([np.linalg.norm(found[0] - keypoints[0], axis=-1) for found, _ in runs])
    missed = scores == 0
    assert missed[:, :8].mean() == pytest.approx(noise.occluded_miss, abs=0.04)
    assert missed[:, 8:].mean() == pytest.approx(noise.miss, abs=0.01)
    assert error[:, :8][~missed[:, :8]].mean() > 2 * error[:, 8:][~missed[:, 8:]].mean()


def test_hidden_people_are_missed_more_often() -> None:
    rng = np.random.default_rng(0)
    keypoints, visible, occluded, boxes = _people(1)
    noise = replace(DetectionNoise(), false_people=0)
    seen, hidden = (
        np.mean([len(simulate_detections(rng, keypoints, visible, mask, boxes, noise)[0]) for _ in range(300)])
        for mask in (occluded, occluded + 1)
    )
    assert seen > 0.95
    assert hidden < 0.45


def test_close_joints_of_two_people_are_exchanged() -> None:
    keypoints, visible, occluded, boxes = (np.repeat(array, 2, axis=0) for array in _people(1))
    keypoints[1] += 1
    noise = replace(PERFECT, swap=1.0)
    found, _ = simulate_detections(np.random.default_rng(0), keypoints, visible, occluded, boxes, noise)
    exchanged = found[:, 0].argsort(axis=0)[:, 0]
    np.testing.assert_allclose(found[exchanged], keypoints, rtol=1e-5)
    one_at_a_time, _ = simulate_detections(
        np.random.default_rng(0), keypoints, visible, occluded, boxes, replace(PERFECT, swap=0.5)
    )
    mixed = np.isclose(one_at_a_time, keypoints[:1]).all(-1)
    assert 0 < mixed[0].sum() < 17
