"""One file of named arrays that is memory-mapped when it is read, and recognised where it is damaged.

Layout: magic, length and checksum of the header, the header (JSON: what the writer wants to remember, and for each
array its type, shape, place and checksum), then the arrays, each at a multiple of 64 bytes. Nothing in it can run code.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import uuid
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from mmp3d.side_names import side_name

MAGIC = b'MMP3DCF1'
ALIGNMENT = 64
MAX_HEADER = 1 << 24
KINDS = 'biufS'
_PREFIX = struct.Struct('<8sII')


def write_columns(path: Path, remembered: dict[str, Any], columns: dict[str, np.ndarray]) -> None:
    """Write the file under a name of its own and move it to ``path`` when it is whole.

    Readers and other writers, in this process or another, see the old file or the new one, never a part.

    Args:
        path: The file; its folder is made.
        remembered: JSON-ready.
        columns: Arrays of numbers, truth values or bytes, by name.

    Raises:
        OSError: The folder cannot be written to, or the disk is full; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.ascontiguousarray(array) for name, array in columns.items()}
    header = json.dumps({'remembered': remembered, 'columns': _places(arrays)}).encode()
    part = path.with_name(f'.{side_name(path.name)}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part')
    try:
        with open(part, 'wb') as stream:
            stream.write(_PREFIX.pack(MAGIC, len(header), zlib.crc32(header)))
            stream.write(header)
            for array in arrays.values():
                stream.write(bytes(-stream.tell() % ALIGNMENT))
                stream.write(_bytes_of(array))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read_header(path: Path) -> dict[str, Any]:
    """What the writer remembered. Raises as :func:`read_columns`, but does not look at the arrays."""
    with open(path, 'rb') as stream:
        return _header(path, stream.read(_PREFIX.size + MAX_HEADER))['remembered']


def read_columns(path: Path) -> dict[str, np.ndarray]:
    """The arrays, read-only views of the mapped file.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is damaged, truncated or no such file.
    """
    with open(path, 'rb') as stream:
        if not os.fstat(stream.fileno()).st_size:
            raise ValueError(f'{path}: is empty')
        content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    header = _header(path, content[: _PREFIX.size + MAX_HEADER])
    start = header['start']
    try:
        return {name: _array(content, start, *place) for name, place in header['columns'].items()}
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError(f'{path}: is damaged ({error})') from error


def _header(path: Path, content: bytes) -> dict[str, Any]:
    try:
        magic, length, checksum = _PREFIX.unpack(content[: _PREFIX.size])
        text = content[_PREFIX.size : _PREFIX.size + length]
        if magic != MAGIC or len(text) != length or zlib.crc32(text) != checksum:
            raise ValueError('wrong magic, length or checksum')
        return {**json.loads(text), 'start': _aligned(_PREFIX.size + length)}
    except (struct.error, ValueError) as error:
        raise ValueError(f'{path}: is damaged ({error})') from error


def _places(arrays: dict[str, np.ndarray]) -> dict[str, tuple]:
    """Type, shape, start behind the header, and checksum of each array."""
    places, at = {}, 0
    for name, array in arrays.items():
        if array.dtype.kind not in KINDS:
            raise TypeError(f'column {name!r} is {array.dtype}; expected numbers, truth values or bytes')
        places[name] = (array.dtype.str, array.shape, at, zlib.crc32(_bytes_of(array)))
        at = _aligned(at + array.nbytes)
    return places


def _array(content: mmap.mmap, start: int, dtype: str, shape: list, at: int, checksum: int) -> np.ndarray:
    kind = np.dtype(dtype)
    count = int(np.prod(shape, dtype=np.int64))
    if not count or not kind.itemsize:
        return np.zeros(shape, kind)
    array = np.frombuffer(content, kind, count, start + at)
    if zlib.crc32(_bytes_of(array)) != checksum:
        raise ValueError('wrong checksum of an array')
    return array.reshape(shape)


def _bytes_of(array: np.ndarray) -> memoryview:
    return array.reshape(-1).view(np.uint8).data if array.nbytes else memoryview(b'')


def _aligned(place: int) -> int:
    return -(-place // ALIGNMENT) * ALIGNMENT
