import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.functional.nearest_matching import match_nearest, mean_joint_distances
from tests.test_evaluation.scenes import make_people


def test_nearest_pair_comes_first_and_nobody_is_taken_twice():
    distances = np.array([[[2.0, 5.0], [1.0, 9.0]]])
    assert match_nearest(distances).tolist() == [[1, 0]]
    assert match_nearest(distances, radius=5).tolist() == [[-1, 0]]
    assert match_nearest(np.full((1, 2, 2), np.inf)).tolist() == [[-1, -1]]
    assert match_nearest(np.ones((1, 2, 3))).tolist() == [[0, 1]]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_free_pair_is_nearer_than_one_that_was_made(seed):
    distances = np.random.default_rng(seed).random((5, 3, 4))
    for frame, matches in zip(distances, match_nearest(distances), strict=True):
        assert len(set(matches.tolist())) == 3
        for person, prediction in enumerate(matches):
            nearer = frame[person] < frame[person, prediction]
            for rival in np.flatnonzero(nearer):
                owner = matches.tolist().index(rival)
                assert frame[owner, rival] <= frame[person, rival]


def test_distance_is_the_mean_over_valid_joints_of_those_who_are_there():
    gt = make_people(np.random.default_rng(0), 2)[None]
    pred = np.concatenate([gt + [3, 0, 4], gt[:, :1] * np.nan], axis=1)
    valid = np.ones((1, 2, 17))
    valid[0, 0, :5] = 0
    gt[0, 0, :5] = 1e6
    distances = mean_joint_distances(pred, gt, np.array([[True, True, True]]), np.array([[True, True]]), valid)
    np.testing.assert_allclose(distances[0].diagonal(), [5, 5])
    assert np.isinf(distances[0, :, 2]).all()
    distances = mean_joint_distances(pred, gt, np.array([[True, False, True]]), np.array([[True, False]]), valid)
    assert np.isfinite(distances).tolist() == [[[True, False, False], [False, False, False]]]
    assert np.isinf(mean_joint_distances(pred, gt, *(np.ones((1, n), bool) for n in (3, 2)), 0 * valid)).all()


def test_nobody_on_either_side():
    assert match_nearest(np.zeros((2, 0, 3))).shape == (2, 0)
    assert match_nearest(np.zeros((2, 3, 0))).tolist() == [[-1] * 3] * 2
