"""`plain` keeps safe data as it is and makes everything else loadable by torch's safe loader."""

from __future__ import annotations

import io
from collections import Counter, OrderedDict, deque, namedtuple
from enum import IntEnum
from fractions import Fraction
from pathlib import PurePosixPath

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmengine.config import Config

from mmp3d.compat.plain_data import plain

Pair = namedtuple('Pair', 'a b')


class Mode(IntEnum):
    TRAIN = 3


def through_safe_loader(value: object) -> object:
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.floats(allow_nan=False, width=32).map(np.float32),
    st.integers(-100, 100).map(np.int64),
    st.lists(st.integers(-9, 9), max_size=4).map(np.array),
)
nested = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=3), inner)), max_leaves=12
)


@given(nested)
def test_any_nested_data_survives_the_safe_loader(value: object) -> None:
    assert through_safe_loader(plain(value)) == plain(value)


def test_safe_data_is_returned_itself() -> None:
    weights = OrderedDict(a=torch.zeros(2), b=[1, 'x', (2.5, None)])
    assert plain(weights) is weights
    parameter = torch.nn.Parameter(torch.ones(1))
    assert plain(parameter) is parameter


def test_each_unsafe_kind() -> None:
    value = {
        'array': np.arange(4, dtype=np.float32).reshape(2, 2),
        'scalar': np.float64(0.5),
        'config': Config({'a': {'b': np.int32(1)}}),
        'queue': deque([1, 2]),
        'pair': Pair(1, np.int8(2)),
        'path': PurePosixPath('a/b'),
        'mode': Mode.TRAIN,
        'names': frozenset({'x'}),
        'counts': Counter('aab'),
        np.int64(3): 'key',
    }
    assert through_safe_loader(plain(value)) == {
        'array': [[0.0, 1.0], [2.0, 3.0]],
        'scalar': 0.5,
        'config': {'a': {'b': 1}},
        'queue': [1, 2],
        'pair': (1, 2),
        'path': 'a/b',
        'mode': 3,
        'names': ['x'],
        'counts': {'a': 2, 'b': 1},
        3: 'key',
    }


def test_unknown_object_becomes_text() -> None:
    assert plain({'ratio': Fraction(1, 2)}) == {'ratio': 'Fraction(1, 2)'}
