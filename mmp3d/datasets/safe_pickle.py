"""Read pickles of numbers: numpy's arrays and Python's own containers, and nothing that could run code.

A pickle may call any function that it names. Data sets ship as pickles, so what they name is compared with a list of
numpy's own constructors, and everything else is refused.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
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
NUMPY_NAMES = ('_reconstruct', 'scalar', 'ndarray', 'dtype', '_frombuffer')


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
            return _NumbersOnly(stream, encoding=encoding).load()
        except _Refused as error:
            raise ValueError(
                f'{path}: names the object {error}; only numpy arrays and numbers are read, because a pickle can run '
                'any code. If you trust the file, load it yourself and save its arrays'
            ) from error
        except Exception as error:  # whatever damaged bytes lead to
            raise ValueError(
                f'{path}: not a readable pickle ({type(error).__name__}: {error}); fetch it again'
            ) from error


class _Refused(Exception):
    """Name of an object that is not allowed."""


class _NumbersOnly(pickle.Unpickler):
    """Finds numpy's constructors of arrays, types and scalars, and nothing else."""

    def find_class(self, module: str, name: str) -> Callable:
        if module in NUMPY_MODULES and name in NUMPY_NAMES:
            owner = np if name in ('ndarray', 'dtype') else _numpy_module(module)
            if hasattr(owner, name):
                return getattr(owner, name)
        if (module, name) == ('_codecs', 'encode'):
            return _bytes_of_text
        if module in ('builtins', '__builtin__') and name == 'bytes':
            return _no_bytes
        raise _Refused(f'{module}.{name}')


def _numpy_module(module: str) -> Any:
    part = module.rpartition('.')[2]
    return getattr(np._core if hasattr(np, '_core') else np.core, part, None)


# How Python 3 writes bytes in the protocols of Python 2, empty ones and others.
def _no_bytes() -> bytes:
    return b''


def _bytes_of_text(text: str, encoding: str) -> bytes:
    if encoding != 'latin1' or not isinstance(text, str):
        raise _Refused(f'_codecs.encode with {encoding!r:.20}')
    return text.encode('latin1')
