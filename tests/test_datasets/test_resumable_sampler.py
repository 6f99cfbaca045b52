"""Indices that begin anywhere in an epoch and bring the random numbers of their items."""

from __future__ import annotations

import pickle
import random

import numpy as np
import torch
from mmengine.dataset import DefaultSampler

from mmp3d.datasets import FreshIndexSampler, ResumableSampler
from mmp3d.datasets.seeded_items import SeededIndex, SeededItems


class Draws(SeededItems, list):
    """Items that are random numbers of all three generators."""

    def __getitem__(self, index):
        super().__getitem__(index)
        return random.random(), np.random.rand(), float(torch.rand(()))


def sampler(epoch, kind=ResumableSampler, **options):
    made = kind(range(7), seed=3, **options)
    made.set_epoch(epoch)
    return made


def test_the_order_is_that_of_mmengine():
    for epoch in range(2):
        assert list(sampler(epoch)) == list(sampler(epoch, DefaultSampler))


def test_a_pass_begins_where_it_is_told_and_the_next_at_the_start():
    whole, part = list(sampler(1)), sampler(1)
    part.begin_at(4)
    begun = list(part)
    assert begun == whole[4:] and [index.key for index in begun] == [index.key for index in whole[4:]]
    assert list(part) == whole and len(part) == 7
    part.begin_at(7)
    assert list(part) == []


def test_fresh_indices_begin_there_too():
    part = FreshIndexSampler(range(7), seed=3)
    part.set_epoch(2)
    part.begin_at(5)
    assert list(part) == [19, 20] and list(part) == list(range(14, 21))


def test_an_item_is_new_in_each_epoch_and_the_same_whenever_it_is_drawn():
    data = Draws(range(7))
    first, second, again = ({int(index): data[index] for index in sampler(epoch)} for epoch in (0, 1, 0))
    assert first == again and all(first[place] != second[place] for place in range(7))
    assert len(set(first.values())) == 7


def test_plain_indices_leave_the_generators_alone():
    np.random.seed(1)
    expected = np.random.rand()
    np.random.seed(1)
    assert Draws(range(7))[2][1] == expected


def test_an_index_reaches_a_worker_with_its_key():
    index = pickle.loads(pickle.dumps(SeededIndex(4, 2**64 - 1)))
    assert index == 4 and type(index) is SeededIndex and index.key == 2**64 - 1
