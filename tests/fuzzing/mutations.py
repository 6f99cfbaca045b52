"""Ways in which a file is not what its reader hopes for, each drawn from a generator of its own."""

from __future__ import annotations

import copy
import random
import re
from pathlib import Path
from typing import Any

import numpy as np

JUNK = (
    None, True, -1, 0, 1, 7, 1 << 40, 1 << 80, -1e30, 1e400, float('nan'), 0.5, '', 'x', '1', 'TS1/img_000009.jpg',
    '../../x', '/etc/passwd', '\0', '\ud800', [], {}, [[]], [1, 2], [None] * 17, [[0, 0, 0]] * 17, {'a': 1}, [[[1]]],
)  # fmt: skip
ARRAYS = (
    np.zeros(0), np.zeros((3, 3)), np.full((4, 72), np.nan), np.full((4, 4, 4), 1e308), np.array('x'),
    np.zeros((4, 4, 4), 'c16'), np.array([None, {}], object), np.zeros((2, 4, 72)), np.full((3, 3), np.inf),
    np.zeros(4, 'M8[s]'), np.zeros(4, [('a', 'f4')]),
)  # fmt: skip
NUMBER = re.compile(rb'-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?')
TOKENS = (
    b'nan', b'NaN', b'inf', b'-Infinity', b'-1', b'0', b'-0', b'1e400', b'1e308', b'9' * 20, b'9' * 5000,
    b'-2147483649', b'4294967296', b'1e9', b'"x"', b'', b'null', b'true', '\u0661'.encode(), b'1_0', b'1e', b'--1',
    b'0x10', b'[]', b'{}',
)  # fmt: skip
# Lengths and counts of binary headers.
SIZES = tuple(
    size.to_bytes(width, order)
    for width in (2, 4, 8)
    for size in (0, 1, (1 << (8 * width - 2)), (1 << (8 * width - 1)) - 1, (1 << (8 * width)) - 1)
    for order in ('little', 'big')
)
LFS_POINTER = b'version https://git-lfs.github.com/spec/v1\noid sha256:' + b'0' * 64 + b'\nsize 12345\n'
DEEP = 100_000
CONTENTS = (
    b'', b' \n', b'\0' * 100, LFS_POINTER, b'[' * DEEP, b'[' * DEEP + b']' * DEEP, b'{"a":' * DEEP, b'- ' * 2000,
    b'\xff\xfe{\x00}\x00', b'\xef\xbb\xbf', b'\x80\x04' + b'(' * DEEP, b'PK\x05\x06' + b'\0' * 18, b'\x1f\x8b\x08',
    b'\x93NUMPY\x01\x00\xff\xff', b'#EXTM3U\nother.mp4\n', b'null', b'"', b'a: &a [1]\nb: *a\n',
)  # fmt: skip


def mutated(value: Any, generator: random.Random, junk: tuple = JUNK) -> Any:
    """A copy with one node replaced, removed, doubled or cut short; containers are changed in place."""
    if isinstance(value, (dict, list)) and value and generator.random() < 0.9:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = generator.choice(keys)
        change = generator.random()
        if change < 0.8:
            value[key] = mutated(value[key], generator, junk)
        elif change < 0.9:
            del value[key]
        elif isinstance(value, list):
            value[key:key] = [copy.deepcopy(value[key])]
        else:
            value[generator.choice(('x', '3', 'id'))] = value[key]
        return value
    return copy.deepcopy(generator.choice(junk))


def mutated_bytes(data: bytes, generator: random.Random) -> bytes:
    """Bytes changed, removed, inserted, repeated or cut off, a declared size, or a number of a text replaced."""
    if not data:
        return generator.randbytes(3)
    change = generator.randrange(10)
    if change >= 8:
        return _other_number(data, generator)
    at, length = generator.randrange(len(data)), generator.choice((1, 1, 2, 4, 16, 200))
    size = generator.choice(SIZES)
    middle = (
        generator.randbytes(length), b'', generator.randbytes(length) + data[at : at + length],
        data[at : at + length] * 2,
        bytes([data[at] ^ (1 << generator.randrange(8))]) + data[at + 1 : at + length],
    )  # fmt: skip
    if change == 5:
        return data[:at]
    if change > 5:
        return data[:at] + size + data[at + len(size) :]
    return data[:at] + middle[change] + data[at + length :]


def _other_number(data: bytes, generator: random.Random) -> bytes:
    numbers = [found.span() for found in NUMBER.finditer(data[: 1 << 16])]
    start, stop = generator.choice(numbers or [(0, len(data))])
    return data[:start] + generator.choice(TOKENS) + data[stop:]


def put_in_place(path: Path, generator: random.Random) -> None:
    """Something else under a file's name: nothing, a folder, a link to itself, or a content of another kind."""
    remove(path)
    kind = generator.randrange(6)
    if kind == 1:
        path.mkdir()
    elif kind == 2:
        path.symlink_to(path.name)
    elif kind > 2:
        path.write_bytes(generator.choice(CONTENTS))


def remove(path: Path) -> None:
    """Whatever is there under the name."""
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
