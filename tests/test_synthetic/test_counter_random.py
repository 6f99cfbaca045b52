"""Numbers depend on key and counter alone, and are as random as they should be."""

import numpy as np
import pytest
from scipy import stats

from mmp3d.synthetic.counter_random import CounterRandom, keys_of


def streams(count=2000, seed=3):
    return CounterRandom(keys_of(seed, np.arange(count)))


def test_a_stream_does_not_depend_on_what_is_drawn_beside_it():
    many, few = streams(10), CounterRandom(keys_of(3, np.array([7, 2])))
    for draw in ('uniform', 'normal'):
        np.testing.assert_array_equal(getattr(many, draw)(5, 3)[[7, 2]], getattr(few, draw)(5, 3))
    np.testing.assert_array_equal(many.fork(4, np.array([2])).uniform(3), few.fork(4, np.array([1])).uniform(3))


@pytest.mark.parametrize('axis', [0, 1])
def test_uniform_and_normal_follow_their_distributions(axis):
    random = streams()
    uniform, normal = random.uniform(51), random.normal(51)
    assert uniform.dtype == normal.dtype == np.float32
    assert stats.kstest(uniform.ravel(), 'uniform').pvalue > 1e-3
    assert stats.kstest(normal.ravel(), 'norm').pvalue > 1e-3
    # Neither neighbouring keys nor neighbouring numbers of a key go together.
    first, second = (np.take(normal, range(*part), axis=axis).ravel() for part in ((0, 50), (1, 51)))
    assert abs(np.corrcoef(first, second)[0, 1]) < 5 / np.sqrt(len(first))


def test_other_seeds_indices_and_tags_give_other_numbers():
    draws = [streams(100, seed).uniform(8) for seed in (0, 1, 2)]
    draws += [streams(100, 0).fork(tag).uniform(8) for tag in (0, 1, 1000)]
    values = np.concatenate([draw.ravel() for draw in draws])
    # 4,800 of 2^24 values: some 0.7 pairs meet by chance.
    assert len(np.unique(values)) > len(values) - 10


def test_whole_numbers_stay_below_their_bound_and_reach_it():
    random = streams()
    values = random.below(3, 20)
    assert values.min() == 0 and values.max() == 2
    np.testing.assert_allclose(np.bincount(values.ravel()) / values.size, 1 / 3, atol=0.01)
    bounds = np.arange(1, 2001)
    assert (random.below(bounds) < bounds).all()


def test_no_keys_and_no_numbers():
    assert streams(0).normal(4, 2).shape == (0, 4, 2)
    assert streams(3).uniform(0).shape == (3, 0)
    assert streams(3).uniform().shape == (3,)
