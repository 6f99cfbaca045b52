"""Read pickles of numbers: numpy's arrays and Python's own containers, and nothing that could run code.

A pickle may call any function that it names. Data sets ship as pickles, so what they name is compared with a list of
numpy's own constructors, and everything else is refused. Those constructors are not called either: numpy trusts what
they are given, and a damaged file would end the process. Arrays are put together here from what has been checked.
"""

from __future__ import annotations

import math
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np

from mmp3d.datasets.raw_file import check_data_file

NUMPY_MODULES = (
    'numpy',
    'numpy.core.multiarray',
    'numpy._core.multiarray',
    'numpy.core.numeric',
    'numpy._core.numeric',
)
# Numbers, texts and objects; no records and no dates.
_TYPE_NAME = re.compile(r'[?bhilqBHILQefdFD]|[biufcSU][0-9]{1,6}|O[48]?')
_BYTE_ORDERS = ('<', '>', '=', '|')


def read_pickle(path: str | Path, encoding: str = 'latin1') -> Any:
    """Read a pickle that holds numbers, texts, containers of both and numpy arrays.

    Args:
        path: The file.
        encoding: How texts written by Python 2 are read; ``'latin1'`` also keeps its numpy arrays whole.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It names an object from outside numpy, is no pickle, damaged or truncated.
    """
    check_data_file(path)
    with open(path, 'rb') as stream:
        try:
            return _plain(_NumbersOnly(stream, encoding=encoding).load(), {})
        except _Refused as error:
            raise ValueError(
                f'{path}: names the object {error}; only numpy arrays and numbers are read, because a pickle can run '
                'any code. If you trust the file, load it yourself and save its arrays'
            ) from error
        except Exception as error:  # whatever damaged bytes lead to
            reason = ' '.join(str(error).split())
            raise ValueError(
                f'{path}: not a readable pickle ({type(error).__name__}: {reason}); fetch it again'
            ) from error


class _Refused(Exception):
    """Name of an object that is not allowed."""


class _NumbersOnly(pickle.Unpickler):
    """Finds what stands in for numpy's constructors of arrays, types and scalars, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if module in NUMPY_MODULES and name in _STAND_INS:
            return _STAND_INS[name]
        if (module, name) == ('_codecs', 'encode'):
            return _bytes_of_text
        if module in ('builtins', '__builtin__') and name == 'bytes':
            return _no_bytes
        raise _Refused(f'{module}.{name}')


class _Type:
    """A numpy type that is being read."""

    def __init__(self, name: Any, *_: Any) -> None:
        if not isinstance(name, str) or not _TYPE_NAME.fullmatch(name):
            raise ValueError(f'arrays of type {name!r:.40} are not read')
        self.dtype = np.dtype(object if name[0] == 'O' else name)

    def __setstate__(self, state: Any) -> None:
        order, parts, names = state[1:4]
        if order not in _BYTE_ORDERS or parts is not None or names is not None:
            raise ValueError('arrays of records are not read')
        self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """A numpy array that is being read."""

    def __init__(self, values: np.ndarray | None = None) -> None:
        self.values = np.zeros(0) if values is None else values

    def __setstate__(self, state: Any) -> None:
        shape, kind, is_fortran, raw = state[-4:]
        self.values = _values(shape, kind, raw, 'F' if is_fortran else 'C')


def _values(shape: Any, kind: Any, raw: Any, order: str) -> np.ndarray:
    """An array of what a pickle says it consists of. Raises ValueError or TypeError where that does not fit."""
    if not isinstance(kind, _Type) or not isinstance(shape, tuple) or any(type(side) is not int for side in shape):
        raise ValueError('an array without a type or shape')
    count, dtype = math.prod(shape), kind.dtype
    if dtype.kind == 'O':
        return _objects(raw, count).reshape(shape, order=order)
    raw = raw.encode('latin1') if isinstance(raw, str) else memoryview(raw).cast('B')
    if min(shape, default=0) < 0 or len(raw) != count * dtype.itemsize:
        raise ValueError(f'{len(raw)} bytes for an array of shape {shape} and type {dtype}')
    values = np.frombuffer(raw, dtype).copy() if len(raw) else np.zeros(count, dtype)
    return values.reshape(shape, order=order)


def _objects(raw: Any, count: int) -> np.ndarray:
    if not isinstance(raw, list) or len(raw) != count:
        raise ValueError(f'an array of {count} objects without as many')
    values = np.empty(count, object)
    for place, value in enumerate(raw):
        values[place] = value
    return values


def _reconstruct(*_: Any) -> _Array:
    """An empty array, whose state follows."""
    return _Array()


def _scalar(kind: Any, raw: Any) -> Any:
    return _values((), kind, raw, 'C')[()]


def _from_buffer(raw: Any, kind: Any, shape: Any, order: Any, axes: Any = None) -> _Array:
    """Protocol 5: the state in one go; order 'K' names the axes in the order that they have in memory."""
    values = _values(shape, kind, raw, 'F' if order == 'F' else 'C')
    return _Array(values if axes is None else values.transpose(axes))


_STAND_INS = {
    '_reconstruct': _reconstruct,
    'scalar': _scalar,
    'dtype': _Type,
    'ndarray': object(),  # only ever an argument of _reconstruct
    '_frombuffer': _from_buffer,
}


def _plain(value: Any, known: dict[int, Any]) -> Any:
    """The value with numpy's own arrays and types in it; ``known`` holds what has been converted, by identity."""
    if id(value) in known:
        return known[id(value)]
    plain = value
    if isinstance(value, _Type):
        plain = value.dtype
    elif isinstance(value, _Array):
        plain = value.values
        if plain.dtype.kind == 'O':
            elements = [_plain(element, known) for element in plain.ravel().tolist()]
            plain = _objects(elements, plain.size).reshape(plain.shape)
    elif type(value) in (list, tuple, set, frozenset):
        plain = type(value)([_plain(element, known) for element in value])
    elif type(value) is dict:
        plain = {_plain(key, known): _plain(element, known) for key, element in value.items()}
    known[id(value)] = plain
    return plain


# How Python 3 writes bytes in the protocols of Python 2, empty ones and others.
def _no_bytes() -> bytes:
    return b''


def _bytes_of_text(text: str, encoding: str) -> bytes:
    if encoding != 'latin1' or not isinstance(text, str):
        raise _Refused(f'_codecs.encode with {encoding!r:.20}')
    return text.encode('latin1')
