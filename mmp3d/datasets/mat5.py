"""Read cell arrays, structs and numbers of MATLAB v5 files.

scipy's reader ends the process where a damaged file leads it outside of its memory, which would take a whole training
run along; here every length is compared with what is there before it is used.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mmp3d.datasets.raw_file import check_data_file, first_bytes, is_hdf5

HEADER_BYTES = 128
MAX_BYTES = 1 << 29
MAX_DEPTH = 8
COMPRESSED, MATRIX, INT32, UINT32 = 15, 14, 5, 6
NUMBERS = {1: 'i1', 2: 'u1', 3: 'i2', 4: 'u2', 5: 'i4', 6: 'u4', 7: 'f4', 9: 'f8', 12: 'i8', 13: 'u8'}
CELL, STRUCT, FIRST_NUMBER, LAST_NUMBER = 1, 2, 6, 15
BYTE_ORDERS = {b'IM': '<', b'MI': '>'}


def read_mat5(path: str | Path, variable: str) -> Any:
    """One variable of a MATLAB v5 file.

    Args:
        path: The file.
        variable: Its name.

    Returns:
        Numbers as an array, a cell array as an object array, a struct as a dict of its fields.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is HDF5 (v7.3), damaged or truncated, lacks the variable, or it holds something else.
    """
    check_data_file(path)
    if is_hdf5(first_bytes(path)):
        raise ValueError(
            f"{path}: is MATLAB v7.3 (HDF5), expected v5. Fetch it again, or save it in MATLAB with save(..., '-v7')"
        )
    names = []
    try:
        for matrix in _variables(Path(path).read_bytes()):
            if matrix.name == variable:
                return matrix.value()
            names.append(matrix.name)
    except (_Damaged, struct.error, zlib.error) as error:
        raise ValueError(f'{path}: not a readable MATLAB v5 file ({error}); fetch it again') from error
    raise ValueError(f'{path}: lacks the variable {variable!r}, it has {names}')


class _Damaged(Exception):
    """What is wrong with the bytes, without the file's name."""


def _variables(content: bytes) -> Iterator[_Matrix]:
    order = BYTE_ORDERS.get(content[HEADER_BYTES - 2 : HEADER_BYTES])
    if order is None:
        raise _Damaged('its header is not that of MATLAB v5')
    elements = _Elements(content, HEADER_BYTES, len(content), order)
    while not elements.at_end():
        kind, start, stop = elements.take()
        if kind == COMPRESSED:
            inflated = _inflated(content[start:stop])
            _, start, stop = _Elements(inflated, 0, len(inflated), order).take(MATRIX)
            yield _Matrix(_Elements(inflated, start, stop, order), 0)
        elif kind == MATRIX:
            yield _Matrix(_Elements(content, start, stop, order), 0)
        else:
            raise _Damaged(f'element of type {kind} in place of a variable')


def _inflated(packed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    content = inflater.decompress(packed, MAX_BYTES)
    if not inflater.eof:
        raise _Damaged('a compressed variable is truncated or too large')
    return content


class _Elements:
    """Data elements behind each other: a tag of type and length, then the data."""

    def __init__(self, content: bytes, at: int, end: int, order: str) -> None:
        self.content, self.at, self.end, self.order = content, at, end, order
        self._tag = struct.Struct(order + 'II')

    def at_end(self) -> bool:
        return self.at >= self.end

    def take(self, wanted: int | None = None) -> tuple[int, int, int]:
        """Type, start and stop of the next element's data."""
        if self.at + 8 > self.end:
            raise _Damaged('it ends inside of an element')
        kind, size = self._tag.unpack_from(self.content, self.at)
        start = self.at + 8
        if kind >> 16:  # up to four bytes lie in the tag itself
            kind, size, start = kind & 0xFFFF, kind >> 16, self.at + 4
            self.at += 8
            if size > 4:
                raise _Damaged('a short element is too long')
        else:
            # Only compressed variables are not padded to eight bytes.
            self.at = start + (size if kind == COMPRESSED else -(-size // 8) * 8)
        if start + size > self.end:
            raise _Damaged('an element is longer than what holds it')
        if wanted is not None and kind != wanted:
            raise _Damaged(f'element of type {kind} where {wanted} is expected')
        return kind, start, start + size

    def numbers(self, wanted: int | None = None) -> np.ndarray:
        """The next element as numbers."""
        kind, start, stop = self.take(wanted)
        if kind not in NUMBERS:
            raise _Damaged(f'element of type {kind} in place of numbers')
        dtype = np.dtype(self.order + NUMBERS[kind])
        return np.frombuffer(self.content, dtype, (stop - start) // dtype.itemsize, start)

    def text(self) -> bytes:
        """The next element as bytes."""
        _, start, stop = self.take()
        return self.content[start:stop]

    def matrix(self, depth: int) -> Any:
        """The value of the next element, which is a matrix."""
        _, start, stop = self.take(MATRIX)
        if start == stop:
            return np.zeros((0, 0))
        return _Matrix(_Elements(self.content, start, stop, self.order), depth).value()


class _Matrix:
    """A variable, cell or field: class, shape and name have been read, the values have not."""

    def __init__(self, elements: _Elements, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise _Damaged('cells lie too deep in each other')
        flags, shape = elements.numbers(UINT32), elements.numbers(INT32)
        if not len(flags) or len(shape) < 2 or (shape < 0).any():
            raise _Damaged('a matrix has no class or shape')
        self.kind = int(flags[0]) & 0xFF
        self.shape = tuple(shape.tolist())
        self.count = math.prod(self.shape)
        self.name = elements.text().decode('latin1')
        self._elements, self._depth = elements, depth

    def value(self) -> Any:
        """Numbers, an object array of cells, or a dict of fields."""
        if self.kind == CELL:
            return self._cells()
        if self.kind == STRUCT:
            return self._fields()
        if FIRST_NUMBER <= self.kind <= LAST_NUMBER:
            values = self._elements.numbers()
            if len(values) != self.count:
                raise _Damaged(f'{len(values)} numbers in a matrix of shape {self.shape}')
            return values.reshape(self.shape, order='F')
        raise _Damaged(f'a matrix of class {self.kind}, expected a cell array, a struct or numbers')

    def _cells(self) -> np.ndarray:
        if self.count > (self._elements.end - self._elements.at) // 8:
            raise _Damaged(f'a cell array of shape {self.shape} in {self._elements.end} bytes')
        cells = np.empty(self.count, object)
        for index in range(self.count):
            cells[index] = self._elements.matrix(self._depth + 1)
        return cells.reshape(self.shape, order='F')

    def _fields(self) -> dict[str, Any]:
        length = self._elements.numbers(INT32)
        names = self._elements.text()
        if self.count != 1 or len(length) != 1 or not 0 < length[0] <= 64:
            raise _Damaged(f'an array of structs of shape {self.shape}')
        width = int(length[0])
        parts = (names[at : at + width].split(b'\0')[0] for at in range(0, len(names), width))
        return {part.decode('latin1'): self._elements.matrix(self._depth + 1) for part in parts}
