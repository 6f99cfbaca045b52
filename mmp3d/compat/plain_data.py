"""Turns nested data into what `torch.load(weights_only=True)` accepts: tensors, numbers, strings, lists and dicts."""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import print_log

SAFE_SCALARS = (str, bytes, bool, int, float, complex, type(None), torch.Tensor, torch.dtype, torch.device, torch.Size)
SAFE_MAPPINGS = (dict, OrderedDict)
SAFE_SEQUENCES = (list, tuple)


def plain(value: Any, where: str = '') -> Any:
    """The same data in safe types; an object that is safe already is returned itself, not copied.

    numpy arrays become nested lists, numpy scalars numbers, configs and other mappings dicts, sets and deques lists,
    named tuples tuples, paths strings. Anything else becomes its `repr`, with one warning that says where it was.

    Args:
        value: anything.
        where: dotted place of `value` in the whole, for the warning.
    """
    if isinstance(value, torch.nn.Parameter) or type(value) in SAFE_SCALARS:
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (Mapping, Config)):
        return _plain_mapping(value, where)
    if isinstance(value, (list, tuple, set, frozenset, deque)):
        return _plain_sequence(value, where)
    return _plain_object(value, where)


def _plain_mapping(value: Mapping | Config, where: str) -> dict:
    items = [(key, plain(key, where), item, plain(item, f'{where}.{key}')) for key, item in value.items()]
    unchanged = all(new_key is key and new is item for key, new_key, item, new in items)
    if type(value) in SAFE_MAPPINGS and unchanged:
        return value
    return {new_key: new for _, new_key, _, new in items}


def _plain_sequence(value: list | tuple | set | frozenset | deque, where: str) -> list | tuple:
    items = [(item, plain(item, f'{where}.{index}')) for index, item in enumerate(value)]
    if type(value) in SAFE_SEQUENCES and all(new is item for item, new in items):
        return value
    return (tuple if isinstance(value, tuple) else list)(new for _, new in items)


def _plain_object(value: Any, where: str) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().as_subclass(torch.Tensor)
    for base in (bool, int, float, str):
        if isinstance(value, base):
            return base(value)
    if isinstance(value, PathLike):
        return fspath(value)
    print_log(f'{where.strip(".")}: saved as text, {type(value)} is not plain data', 'current', logging.WARNING)
    return repr(value)
