"""Items of two sources are functions of the index, whatever was drawn before."""

from __future__ import annotations

import numpy as np
import pytest
from mmpose.registry import DATASETS

from mmp3d import register_all_modules
from mmp3d.datasets.seeded_items import SeededItems
from mmp3d.datasets.two_source import TwoSourceDataset

register_all_modules()


class Numbers:
    """Under each index its number and a random one."""

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return int(index), int(np.random.randint(1 << 30))


class DrawnNumbers(SeededItems, Numbers):
    pass


@pytest.fixture
def sources(monkeypatch):
    monkeypatch.setitem(DATASETS.module_dict, 'DrawnNumbers', DrawnNumbers)
    return TwoSourceDataset(dict(type='DrawnNumbers'), dict(type='DrawnNumbers'), seed=3)


def test_what_transforms_draw_depends_on_the_index_alone(sources):
    first = sources.__getitems__([3, 4])
    np.random.seed(9)
    again = sources.__getitems__([4, 3])
    assert first.labelled == again.labelled[::-1] and first.unlabelled == again.unlabelled[::-1]


def test_each_index_and_source_draws_its_own(sources):
    batch = sources.__getitems__(range(10))
    drawn = [number for _, number in (*batch.labelled, *batch.unlabelled)]
    assert len(set(drawn)) == 20
    assert sorted(place for place, _ in batch.labelled[:5]) == list(range(5))
