"""People of the two branches are matched as eq. 5-6 say, and nobody is lost."""

import numpy as np
import pytest

from mmp3d import register_all_modules
from mmp3d.geometry import MUPOTS17
from mmp3d.pipeline.matching import CameraPeople, match_people, pair_similarities

register_all_modules()


def people_at(*roots, noise=0.0, seed=0, **fields):
    """Poses of about a person's size at the given roots, mm."""
    shape = np.random.default_rng(7).normal(0, 250, (17, 3))
    poses = np.asarray(roots, float).reshape(-1, 1, 3) + shape
    poses += np.random.default_rng(seed).normal(0, 1, poses.shape) * noise
    return CameraPeople(poses.astype(np.float32), np.ones(poses.shape[:2], np.float32), **fields)


LEFT, RIGHT, FAR = (-800, 0, 4000), (800, 0, 4000), (0, 0, 9000)


def counts(matches):
    return len(matches.pairs), len(matches.bottom_up_only), len(matches.top_down_only)


def test_similarity_is_the_double_loop_of_the_equations():
    random = np.random.default_rng(0)
    first, second = people_at(LEFT, RIGHT, FAR, noise=60), people_at(RIGHT, LEFT, noise=60, seed=1)
    first = first._replace(keypoint_scores=random.uniform(0.1, 1, (3, 17)))
    got, _ = pair_similarities(first, second)
    for i, a in enumerate(first.keypoints_cam.astype(float)):
        for j, b in enumerate(second.keypoints_cam.astype(float)):
            s = [2 * np.sqrt(((p - p.mean(0)) ** 2).sum(-1).mean()) * p[:, 2].mean() / 4000 for p in (a, b)]
            tolerance = 2 * s[0] * s[1] * np.square(2 * np.asarray(MUPOTS17.sigmas))
            oks = np.exp(-((a - b) ** 2).sum(-1) / tolerance)
            expected = (np.minimum(first.keypoint_scores[i], second.keypoint_scores[j]) * oks).sum()
            assert got[i, j] == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_people_find_themselves_in_another_order():
    (matches,) = match_people([people_at(LEFT, RIGHT, FAR, noise=30)], [people_at(FAR, LEFT, RIGHT, noise=30, seed=1)])
    assert matches.pairs.tolist() == [[0, 1], [1, 2], [2, 0]]


def test_strangers_stay_unmatched_and_are_kept():
    (matches,) = match_people([people_at(LEFT, FAR)], [people_at(RIGHT, FAR)])
    assert matches.pairs.tolist() == [[1, 1]]
    assert (matches.bottom_up_only.tolist(), matches.top_down_only.tolist()) == ([0], [0])


@pytest.mark.parametrize(('bottom_up', 'top_down'), [((), (LEFT,)), ((LEFT, FAR), ()), ((), ())])
def test_empty_branches(bottom_up, top_down):
    (matches,) = match_people([people_at(*bottom_up)], [people_at(*top_down)])
    assert counts(matches) == (0, len(bottom_up), len(top_down))


def test_no_frames():
    assert match_people([], []) == []
    assert match_people([], [], by_track=True) == []


def test_nan_poses_zero_confidence_and_people_behind_the_camera_match_nobody():
    nowhere = people_at(LEFT, RIGHT, (0, 0, -4000))
    nowhere.keypoints_cam[0] = np.nan
    nowhere.keypoint_scores[1] = 0
    assert counts(match_people([nowhere], [nowhere])[0]) == (0, 3, 3)


def test_one_nan_joint_does_not_matter():
    people = people_at(LEFT)
    people.keypoints_cam[0, 3] = np.nan
    assert counts(match_people([people], [people_at(LEFT)])[0]) == (1, 0, 0)


def test_identical_people_are_each_used_once():
    assert counts(match_people([people_at(LEFT, LEFT)], [people_at(LEFT)])[0]) == (1, 1, 0)
    assert counts(match_people([people_at(LEFT, LEFT)], [people_at(LEFT, LEFT)])[0]) == (2, 0, 0)


def test_tracks_outvote_a_bad_frame():
    places = [(LEFT, RIGHT)] * 3
    top_down = [people_at(*roots, track_ids=np.array([5, 9])) for roots in places]
    swapped = [(LEFT, RIGHT), (RIGHT, LEFT), (LEFT, RIGHT)]
    bottom_up = [people_at(*roots, track_ids=np.array([2, 1])) for roots in swapped]
    assert match_people(bottom_up, top_down)[1].pairs.tolist() == [[0, 1], [1, 0]]
    for matches in match_people(bottom_up, top_down, by_track=True):
        assert matches.pairs.tolist() == [[0, 0], [1, 1]]


def test_wrong_input_is_named():
    people = people_at(LEFT)
    with pytest.raises(ValueError, match='same frames'):
        match_people([people], [])
    with pytest.raises(ValueError, match='min_similarity'):
        match_people([people], [people], min_similarity=2)
    with pytest.raises(ValueError, match=r'top_down\[0\].*MuPoTS-17'):
        match_people([people], [CameraPeople(np.zeros((1, 21, 3)), np.zeros((1, 21)))])
    with pytest.raises(ValueError, match='track id'):
        match_people([people], [people], by_track=True)
