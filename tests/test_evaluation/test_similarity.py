import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.functional.similarity import align_similarity
from tests.shared_data import shared_path
from tests.test_evaluation.scenes import make_people


def turns(rng: np.random.Generator, count: int) -> np.ndarray:
    """(count, 3, 3) random rotations."""
    turn, _ = np.linalg.qr(rng.normal(size=(count, 3, 3)))
    return turn * np.sign(np.linalg.det(turn))[:, None, None]


def moved(rng: np.random.Generator, people: np.ndarray, size: float = 1.0) -> np.ndarray:
    return size * people @ turns(rng, len(people)) + rng.normal(size=(len(people), 1, 3)) * 2000


def distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.linalg.norm(one - other, axis=-1)


def test_videopose3d_per_frame():
    folder = shared_path('golden/h36m_metrics/A')
    poses = np.load(folder / 'poses.npz')
    for case, expected in json.loads((folder / 'expected.json').read_text())['cases'].items():
        gt = poses[f'{case}/gt'].astype(np.float64)
        found = distances(align_similarity(poses[f'{case}/pred'], gt), gt).mean(axis=-1)
        np.testing.assert_allclose(found, expected['float64']['p_mpjpe_per_frame'], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found, expected['float32']['p_mpjpe_per_frame'], rtol=1e-5, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.floats(0.01, 100))
def test_any_similarity_is_undone_and_without_scale_any_rigid_motion(seed, size):
    rng = np.random.default_rng(seed)
    people = make_people(rng, 3)
    assert distances(align_similarity(moved(rng, people, size), people), people).max() < 1e-6
    assert distances(align_similarity(moved(rng, people), people, scale=False), people).max() < 1e-6


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.booleans())
def test_no_small_change_of_the_fit_is_better(seed, scale):
    rng = np.random.default_rng(seed)
    source, target = make_people(rng, 4), make_people(rng, 4)
    aligned = align_similarity(source, target, scale)
    best = (distances(aligned, target) ** 2).sum(axis=-1)
    x, y, z = rng.normal(size=3) * 0.02
    turn, _ = np.linalg.qr(np.eye(3) + np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]))
    turn = turn * np.sign(np.diag(turn)) * (rng.normal(1, 0.05) if scale else 1)
    centre = aligned.mean(axis=1, keepdims=True)
    other = (aligned - centre) @ turn + centre + rng.normal(size=3)
    assert ((distances(other, target) ** 2).sum(axis=-1) >= best - 1e-6).all()


def test_size_is_kept_without_scale():
    rng = np.random.default_rng(0)
    source, target = make_people(rng, 2), 3 * make_people(rng, 2)
    lengths = distances(source[:, 1:], source[:, :1])
    aligned = align_similarity(source, target, scale=False)
    np.testing.assert_allclose(distances(aligned[:, 1:], aligned[:, :1]), lengths)


def test_a_mirrored_pose_is_turned_but_not_mirrored_back():
    people = make_people(np.random.default_rng(1), 2)
    assert distances(align_similarity(people * [-1, 1, 1], people), people).mean() > 50
    flat = people * [1, 1, 0]
    assert distances(align_similarity(flat * [-1, 1, 1], flat), flat).max() < 1e-6


def test_joints_that_are_not_valid_move_along_and_have_no_say():
    rng = np.random.default_rng(2)
    people = make_people(rng, 2)
    source = moved(rng, people, 2.0)
    target, valid = people.copy(), np.ones((2, 17))
    target[:, 5], valid[:, 5] = np.nan, 0
    assert distances(align_similarity(source, target, valid=valid), people).max() < 1e-6


def test_degenerate_poses_have_defined_results():
    people = make_people(np.random.default_rng(3), 1)
    mean = people.mean(axis=1, keepdims=True)
    point = np.full_like(people, 7.0)
    np.testing.assert_allclose(align_similarity(point, people), np.broadcast_to(mean, people.shape))
    np.testing.assert_allclose(align_similarity(people, point), point)
    np.testing.assert_allclose(align_similarity(people, point, scale=False), people - mean + 7)
    line = np.arange(17.0)[None, :, None] * [1, 2, 3]
    np.testing.assert_allclose(align_similarity(line * 5, line), line, atol=1e-9)


@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_a_pose_that_is_not_finite_is_nan_and_spoils_no_other(bad):
    people = make_people(np.random.default_rng(4), 3)
    source = people.copy()
    source[1, 4, 0] = bad
    aligned = align_similarity(source, people)
    assert np.isnan(aligned[1]).all()
    np.testing.assert_allclose(aligned[[0, 2]], people[[0, 2]], atol=1e-9)
    assert np.isnan(align_similarity(people, source)[1]).all()
    assert np.isnan(align_similarity(people[:1], people[:1], valid=np.zeros((1, 17)))).all()


def test_any_leading_dimensions_and_nobody():
    people = make_people(np.random.default_rng(5), 6)
    stacked = align_similarity(people.reshape(2, 3, 17, 3), people[::-1].reshape(2, 3, 17, 3))
    np.testing.assert_allclose(stacked.reshape(6, 17, 3), align_similarity(people, people[::-1]))
    assert align_similarity(people[:0], people[:0]).shape == (0, 17, 3)


def test_wrong_shapes_are_named():
    people = make_people(np.random.default_rng(6), 2)
    with pytest.raises(ValueError, match=r'both have shape \(..., joints, 3\), got \(2, 17, 3\), \(1, 17, 3\)'):
        align_similarity(people, people[:1])
    with pytest.raises(ValueError, match=r'valid must have shape \(2, 17\), got \(17,\)'):
        align_similarity(people, people, valid=np.ones(17))
