"""Ids through crossings, gaps, noise and bad frames; tracks joined, gaps filled, memory bounded."""

from __future__ import annotations

import numpy as np
import pytest

from mmp3d import register_all_modules
from mmp3d.geometry.pose_similarity import pairwise_iou, pairwise_oks
from mmp3d.pipeline import (
    FramePoses,
    LinkSettings,
    PoseTracker,
    Track,
    TrackerSettings,
    link_tracks,
    track_people,
    track_stream,
)
from mmp3d.pipeline.track_linking import interpolated_frames

register_all_modules()
RNG = np.random.default_rng(0)
SHAPES = RNG.uniform([-30, -90], [30, 90], (3, 17, 2))


def person(number, x, score=0.9, y=200.0):
    return SHAPES[number] + [x, y], np.full(17, score)


def frame(frame_id, *people):
    keypoints = np.array([each[0] for each in people]).reshape(-1, 17, 2)
    return FramePoses(frame_id, keypoints, np.array([each[1] for each in people]).reshape(-1, 17))


def crossing(frames=60, missing=(), noise=1.0, seed=0):
    """Two people who walk through each other; number 1 is missed in some frames; the order of the two changes."""
    rng = np.random.default_rng(seed)
    for t in range(frames):
        people = [person(0, 100 + 5 * t), person(1, 400 - 5 * t)]
        people = [(points + rng.normal(0, noise, points.shape), scores) for points, scores in people]
        there = [0] if t in missing else [0, 1]
        if t % 3 == 0:
            there.reverse()
        yield there, frame(t, *(people[who] for who in there))


@pytest.mark.parametrize('missing', [(), range(26, 34), range(5, 15)])
@pytest.mark.parametrize('seed', range(3))
def test_ids_survive_a_crossing_and_a_gap(missing, seed):
    tracker, known = PoseTracker(), {}
    for there, each in crossing(missing=missing, noise=3, seed=seed):
        for who, number in zip(there, tracker.update(each).ids.tolist(), strict=True):
            assert known.setdefault(who, number) == number
    assert known[0] != known[1]


def test_gaps_of_the_tracks_are_filled_with_less_confidence():
    tracks = track_people(each for _, each in crossing(missing=range(26, 34)))
    assert [track.track_id for track in tracks] == [0, 1]
    whole = [track for track in tracks if len(track.frame_ids) == 52][0]
    filled = whole.without_gaps()
    assert np.flatnonzero(interpolated_frames(whole)).tolist() == list(range(26, 34))
    np.testing.assert_allclose(filled.keypoint_scores[26:34], 0.45, rtol=1e-5)
    expected = SHAPES[1] + np.stack([400 - 5 * np.arange(26, 34), np.full(8, 200)], axis=1)[:, None]
    assert np.abs(filled.keypoints[26:34] - expected).max() < 8


def test_people_enter_and_leave_and_only_running_tracks_are_remembered():
    tracker = PoseTracker(TrackerSettings(longest_gap=5))
    seen = set()
    for t in range(400):
        who = t // 40
        # Somebody new, elsewhere, every 40 frames; nobody for 10 frames between.
        people = [person(who % 3, 100 + 300 * (who % 2))] if t % 40 < 30 else []
        seen.update(tracker.update(frame(t, *people)).ids.tolist())
        assert len(tracker.running) <= 1
    assert seen == set(range(10))


def test_a_doubtful_pose_continues_a_track_but_begins_none():
    tracker = PoseTracker()
    assert tracker.update(frame(0, person(0, 100, score=0.1))).ids.tolist() == [-1]
    assert tracker.update(frame(1, person(0, 100))).ids.tolist() == [0]
    assert tracker.update(frame(2, person(0, 101, score=0.1), person(1, 500, score=0.1))).ids.tolist() == [0, -1]


def test_nobody_one_joint_no_confidence_and_nan():
    tracker = PoseTracker()
    ids, confirmed = tracker.update(frame(0))
    assert ids.shape == (0,) and confirmed.shape == (0,)
    points, scores = person(0, 100)
    one_joint = np.where(np.arange(17) == 4, scores, 0)
    lost = points, np.zeros(17)
    nan = np.full((17, 2), np.nan), scores
    assert tracker.update(frame(1, (points, one_joint), lost, nan)).ids.tolist() == [-1, -1, -1]
    # One joint may continue a track.
    tracker.update(frame(2, (points, scores)))
    ids, _ = tracker.update(FramePoses(3, points[None], one_joint[None], np.array([[70, 110, 130, 290.0]])))
    assert ids.tolist() == [0]
    assert track_people([]) == [] and list(track_stream([])) == []
    assert track_people([frame(0), frame(1, lost)]) == []


def test_a_box_that_is_unusable_gives_way_to_the_joints():
    tracker = PoseTracker()
    pose = person(0, 100)
    boxes = [[np.nan] * 4, [5, 5, 5, 5], [50, 100, 150, 300]]
    for t, box in enumerate(boxes):
        assert tracker.update(frame(t, pose)._replace(boxes=np.array([box], float))).ids.tolist() == [0]


def test_frames_in_the_wrong_order_and_other_joint_sets_are_named():
    tracker = PoseTracker()
    tracker.update(frame(4))
    for number in (4, 3):
        with pytest.raises(ValueError, match=f'frame {number} comes after frame 4'):
            tracker.update(frame(number))
    with pytest.raises(ValueError, match=r'frame 5: keypoints must have shape \(1, 17, 2\), got \(1, 14, 2\)'):
        tracker.update(FramePoses(5, np.zeros((1, 14, 2)), np.zeros((1, 14))))
    with pytest.raises(ValueError, match='longest_gap must be a whole number from 1 to 2147483647, got 0'):
        TrackerSettings(longest_gap=0)


def test_at_a_low_frame_rate_a_track_counts_sooner_and_ends_sooner():
    assert TrackerSettings.at_rate(30) == TrackerSettings()
    rates = {5: (1, 5), 10: (1, 10), 15: (2, 15), 25: (3, 25), 60: (3, 60), 0.1: (1, 1)}
    for fps, expected in rates.items():
        settings = TrackerSettings.at_rate(fps)
        assert (settings.confirming_hits, settings.longest_gap) == expected
    assert PoseTracker(TrackerSettings.at_rate(10)).update(frame(0, person(0, 100))).confirmed.tolist() == [True]
    assert PoseTracker().update(frame(0, person(0, 100))).confirmed.tolist() == [False]
    for fps in (0, -5, np.nan, np.inf, 1e20, 1e308, 10**400):
        with pytest.raises(ValueError, match='fps must be a number of frames a second above 0'):
            TrackerSettings.at_rate(fps)


def track(track_id, frames, x):
    points = SHAPES[0] + np.stack([x + 4 * np.asarray(frames), np.full(len(frames), 200)], axis=1)[:, None]
    return Track(track_id, frames, points, np.full((len(frames), 17), 0.8))


def test_parts_of_one_person_are_joined_and_short_ones_left_out():
    parts = [track(3, range(0, 20), 100), track(5, range(30, 60), 100), track(6, range(65, 90), 700), track(7, [40], 9)]
    joined = link_tracks(parts)
    assert [each.track_id for each in joined] == [3, 6]
    assert joined[0].frame_ids.tolist() == [*range(20), *range(30, 60)]


@pytest.mark.parametrize('later', [lambda t: 4 * t, lambda t: 4 * 35 + 0 * t], ids=['walks on', 'has stopped'])
def test_a_walk_is_joined_over_the_longest_gap_and_no_longer_one(later):
    settings = LinkSettings()
    for gap, count in ((settings.longest_gap, 1), (settings.longest_gap + 1, 2)):
        frames = np.arange(19 + gap, 50 + gap)
        after = track(1, frames, later(frames) - 4 * frames)
        assert len(link_tracks([track(0, range(20), 0), after], settings)) == count


def test_somebody_elsewhere_after_a_long_gap_is_somebody_else():
    for x in (-500, 500):
        assert len(link_tracks([track(0, range(20), 0), track(1, range(79, 99), x)])) == 2


def test_two_tracks_with_one_id_are_named():
    with pytest.raises(ValueError, match=r'2 tracks have the id 3 \(frames 0-9, 20-29\)'):
        link_tracks([track(3, range(10), 0), track(3, range(20, 30), 0)])


def test_likeness_of_poses_and_boxes_on_known_cases():
    points, ones = SHAPES[:2], np.ones((2, 17))
    sigmas = np.full(17, 0.5)
    likeness, common = pairwise_oks(points, ones, points, ones, np.ones(2), sigmas)
    np.testing.assert_allclose(np.diag(likeness), 1)
    assert (common == 17).all()
    shifted, _ = pairwise_oks(points[:1], ones[:1], points[:1] + [1, 0], ones[:1], np.ones(1), sigmas)
    np.testing.assert_allclose(shifted, np.exp(-0.5))
    empty, common = pairwise_oks(points[:0], ones[:0], points, ones, np.ones((0, 2)), sigmas)
    assert empty.shape == common.shape == (0, 2)
    unseen, common = pairwise_oks(points, 0 * ones, points, ones, np.ones(2), sigmas)
    assert not unseen.any() and not common.any()
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 5, 9.0]])
    np.testing.assert_allclose(pairwise_iou(boxes, boxes), [[1, 1 / 3, 0], [1 / 3, 1, 0], [0, 0, 0]])
