"""Ids of people whom the branches see together or one alone."""

import numpy as np

from mmp3d.pipeline.identities import BottomUpIds, final_ids
from mmp3d.pipeline.matching import Matches
from mmp3d.pipeline.tracking import FramePoses, TrackerSettings

POSES = np.random.default_rng(0).uniform(0, 100, (2, 17, 2)) + [[[0, 0]], [[300, 0]]]


def matches(pairs=(), bottom_up_only=(), top_down_only=()):
    return Matches(np.array(pairs, int).reshape(-1, 2), np.array(bottom_up_only, int), np.array(top_down_only, int))


def ids_of(*frames):
    """Ids of (matches, bottom-up ids, top-down ids) a frame."""
    found, lower, upper = zip(*frames, strict=True)
    return [ids.tolist() for ids in final_ids(found, *([np.array(i, int) for i in side] for side in (lower, upper)))]


def test_top_down_ids_stay_and_strangers_come_behind_them():
    both = (matches([[0, 1]], [1], [0]), [5, -1], [0, 3])
    assert ids_of(both) == [[3, 0, 4]]


def test_a_person_whom_the_top_down_branch_loses_keeps_the_id():
    assert ids_of((matches([[0, 0]]), [7], [2]), (matches(bottom_up_only=[0]), [7], [])) == [[2], [2]]
    assert ids_of((matches(bottom_up_only=[0]), [7], []), (matches([[0, 0]]), [7], [2])) == [[2], [2]]


def test_an_id_is_given_once_a_frame():
    paired = (matches([[0, 0]]), [7], [2])
    # Its top-down person is there already, and two bottom-up tracks of one person cannot both have its id.
    assert ids_of(paired, (matches(bottom_up_only=[0], top_down_only=[0]), [7], [2])) == [[2], [2, 3]]
    frames = ids_of(paired, (matches([[0, 0]]), [8], [2]), (matches(bottom_up_only=[0, 1]), [7, 8], []))
    assert frames == [[2], [2], [2, 3]]


def test_the_partner_is_who_is_paired_most_often():
    frames = [(matches([[0, 0]]), [7], [person]) for person in (1, 2, 2)]
    assert ids_of(*frames, (matches(bottom_up_only=[0]), [7], []))[-1] == [2]


def test_nobody():
    assert ids_of((matches(), [], [])) == [[]]
    assert final_ids([], [], []) == []


def bottom_up_ids(*frames):
    """Ids of (keypoints, score of every joint) a frame, one score for each of its people."""
    ids = BottomUpIds(TrackerSettings())
    whole = [(keypoints, np.tile(np.reshape(scores, (-1, 1)), 17)) for keypoints, scores in frames]
    return [ids.update(FramePoses(number, *people)).tolist() for number, people in enumerate(whole)]


def test_doubtful_people_keep_their_ids():
    assert bottom_up_ids(*[(POSES, [0.01, 0.02])] * 3) == [[-2, -4]] * 3
    # Once sure, they are in a track like others.
    assert bottom_up_ids((POSES, [0.9, 0.01]), (POSES, [0.01, 0.9]), (POSES, [0.01, 0.01])) == [[0, -2], [0, 1], [0, 1]]


def test_a_person_like_another_one_keeps_the_id():
    # Somebody stands alone, then a second one appears behind: for a tracker of detections the same person again.
    twins = np.stack([POSES[0], POSES[0] + 1])
    frames = [(twins[:1], [0.9])] + [(twins, [0.9, 0.9])] * 50
    assert bottom_up_ids(*frames) == [[0]] + [[0, -2]] * 50
    same = (np.stack([POSES[0]] * 2), [0.9, 0.9])
    assert bottom_up_ids(frames[0], *[same] * 3)[1:] in ([[0, -2]] * 3, [[-2, 0]] * 3)


def test_people_without_a_joint_have_numbers_of_their_own():
    found = bottom_up_ids(*[(POSES, [0, 0])] * 3)
    assert found == [[-1, -3], [-5, -7], [-9, -11]]
