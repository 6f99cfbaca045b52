"""Read numpy archives (.npz) that others may have made: no objects, and no more memory than the file stands for."""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from mmp3d.memory_share import is_out_of_proportion

HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
SUFFIX = '.npy'


def read_arrays(source: str | Path | BinaryIO, names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """The arrays of an archive by name.

    Args:
        source: The file.
        names: Those to read, as far as they are there; None for all.

    Raises:
        ValueError: It is no such archive, is damaged, holds Python objects, which could run code, or promises more
            than it holds; the source is not named.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            members = {member.filename.removesuffix(SUFFIX): member for member in archive.infolist()}
            chosen = [name for name in members if names is None or name in names]
            _check_growth([members[name] for name in chosen], archive.fp.seek(0, os.SEEK_END))
            return {name: _array(archive, members[name]) for name in chosen}
    except Exception as error:  # numpy and zipfile raise whatever the damaged bytes lead to
        raise ValueError(f'not a readable numpy archive ({type(error).__name__}: {error!s:.200})') from error


def array_names(source: str | Path | BinaryIO) -> list[str]:
    """Names of all arrays. Raises as :func:`read_arrays`."""
    try:
        with zipfile.ZipFile(source) as archive:
            return [name.removesuffix(SUFFIX) for name in archive.namelist()]
    except Exception as error:  # see read_arrays
        raise ValueError(f'not a readable numpy archive ({type(error).__name__}: {error!s:.200})') from error


def people_of_offsets(offsets: np.ndarray) -> int:
    """How many people there are behind (I + 1,) first people of I items.

    Raises:
        ValueError: They are no whole numbers that grow from 0 on.
    """
    whole = offsets.ndim == 1 and len(offsets) and offsets.dtype.kind in 'iu'
    if not whole or offsets[0] or (offsets[1:] < offsets[:-1]).any():
        raise ValueError(
            f'offsets must be whole numbers that grow from 0 on, found {offsets.dtype} {offsets.tolist()!s:.60}'
        )
    return int(offsets[-1])


def _check_growth(members: list[zipfile.ZipInfo], packed: int) -> None:
    # A few packed kilobytes of zeros can stand for any number of gigabytes. The packed sizes that the archive states
    # may be lies: it is measured by its own bytes.
    inflated = sum(member.file_size for member in members)
    if is_out_of_proportion(inflated, packed):
        raise ValueError(f'{packed} bytes that stand for {inflated}')


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as stream:
        read_header = HEADERS.get(npy.read_magic(stream))
        if read_header is None:
            raise ValueError(f'{member.filename}: an unknown version of the format')
        shape, _, dtype = read_header(stream)
        if dtype.hasobject:
            raise ValueError(f'{member.filename}: holds Python objects, which could run code')
        size = math.prod(shape) * dtype.itemsize
        if min(shape, default=0) < 0 or not dtype.itemsize or size != member.file_size - stream.tell():
            raise ValueError(f'{member.filename}: {member.file_size} bytes for {dtype} of shape {shape}')
    with archive.open(member) as stream:
        return npy.read_array(stream, allow_pickle=False)
