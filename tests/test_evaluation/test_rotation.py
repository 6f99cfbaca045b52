import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.functional.rotation import best_rotations


def products(
    rng: np.random.Generator, count: int, spread: tuple, noise: float = 0.3, mirror: bool = False
) -> np.ndarray:
    """(count, 3, 3) source^T target of point sets that are ``spread`` along the axes."""
    source = rng.normal(size=(count, 17, 3)) * spread
    target = source * [1, 1, -1 if mirror else 1] + rng.normal(size=source.shape) * noise * np.max(spread)
    return np.swapaxes(source, -1, -2) @ target


def decomposed(product: np.ndarray) -> tuple[np.ndarray, float]:
    """The best rotation of one product and its trace, by singular value decomposition."""
    left, values, right = np.linalg.svd(product)
    signs = np.array([1, 1, np.sign(np.linalg.det(left @ right))])
    return (left * signs) @ right, float(values @ signs)


def assert_rotations(turns: np.ndarray) -> None:
    np.testing.assert_allclose(turns @ np.swapaxes(turns, -1, -2), np.broadcast_to(np.eye(3), turns.shape), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(turns), 1, atol=1e-9)


@pytest.mark.parametrize('mirror', [False, True])
@pytest.mark.parametrize('spread', [(1, 1, 1), (90, 450, 60), (500, 500, 0), (1e-6, 1e-6, 1e-6), (1e6, 1e6, 1e5)])
def test_equals_a_singular_value_decomposition(spread, mirror):
    given_products = products(np.random.default_rng(0), 300, spread, mirror=mirror)
    turns, traces = best_rotations(given_products)
    expected, expected_traces = zip(*map(decomposed, given_products), strict=True)
    np.testing.assert_allclose(turns, expected, atol=1e-9)
    np.testing.assert_allclose(traces, expected_traces, rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), thin=st.sampled_from([0.0, 1e-12, 1e-6, 1e-3]), mirror=st.booleans())
def test_points_on_a_line_still_have_a_best_rotation(seed, thin, mirror):
    given_products = products(np.random.default_rng(seed), 20, (thin, 1, thin), noise=thin, mirror=mirror)
    turns, traces = best_rotations(given_products)
    assert_rotations(turns)
    reached = np.einsum('nij,nij->n', turns, given_products)
    np.testing.assert_allclose(reached, traces, rtol=1e-9)
    np.testing.assert_allclose(traces, [decomposed(product)[1] for product in given_products], rtol=1e-9)


def test_where_every_rotation_is_best_one_is_returned():
    turns, traces = best_rotations(np.zeros((2, 3, 3)))
    assert_rotations(turns)
    assert not traces.any()
    assert_rotations(best_rotations(-np.eye(3))[0])


def test_any_leading_dimensions_and_none():
    given_products = products(np.random.default_rng(1), 6, (1, 2, 3))
    turns, traces = best_rotations(given_products)
    again, same = best_rotations(given_products.reshape(2, 3, 3, 3))
    np.testing.assert_array_equal(again.reshape(6, 3, 3), turns)
    np.testing.assert_array_equal(same.reshape(6), traces)
    assert best_rotations(given_products[0])[1].shape == ()
    assert best_rotations(given_products[:0])[0].shape == (0, 3, 3)
