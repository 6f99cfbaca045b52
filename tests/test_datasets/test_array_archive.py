"""Numpy archives are read as numpy reads them, and nothing in them runs code or takes more memory than it should."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from mmp3d import memory_share
from mmp3d.datasets.array_archive import array_names, people_of_offsets, read_arrays

ARRAYS = {
    'numbers': np.arange(6.0).reshape(2, 3), 'turned': np.asfortranarray(np.arange(6).reshape(2, 3)),
    'text': np.array('é'), 'none': np.zeros((0, 3), np.float32), 'scalar': np.array(3),
}  # fmt: skip


def _archive(compressed: bool = False, **members: bytes) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w', zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(f'{name}.npy', content)
    return stream


@pytest.mark.parametrize('write', [np.savez, np.savez_compressed])
def test_arrays_are_those_of_numpy(write):
    stream = io.BytesIO()
    write(stream, **ARRAYS)
    assert array_names(stream) == list(ARRAYS)
    for name, values in read_arrays(stream).items():
        np.testing.assert_array_equal(values, ARRAYS[name])
        assert values.dtype == ARRAYS[name].dtype and values.flags.writeable
    assert list(read_arrays(stream, ['text', 'other'])) == ['text']


def test_objects_are_refused_unread():
    stream = io.BytesIO()
    np.savez(stream, harmless=np.zeros(1), hostile=np.array([{}], object))
    with pytest.raises(ValueError, match='hostile.npy: holds Python objects, which could run code'):
        read_arrays(stream)
    assert list(read_arrays(stream, ['harmless'])) == ['harmless']


@pytest.mark.parametrize('shape', ['(4000000000, 17, 3)', '(-1, -6)', '(7,)', '(1000000000000, 0, 0)'])
def test_a_shape_that_is_not_there_is_an_error(shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    content = b'\x93NUMPY\x01\x00' + len(header).to_bytes(2, 'little') + header + bytes(24)
    with pytest.raises(ValueError, match='bomb.npy: .* bytes for float32 of shape'):
        read_arrays(_archive(bomb=content))


def test_a_small_file_does_not_become_a_large_one(monkeypatch):
    content = io.BytesIO()
    np.save(content, np.zeros(1 << 20))
    stream = _archive(compressed=True, bomb=content.getvalue())
    assert read_arrays(stream)['bomb'].shape == (1 << 20,)
    monkeypatch.setattr(memory_share, 'MOST_BYTES', 1 << 20)
    with pytest.raises(ValueError, match=r'bytes that stand for 8388736'):
        read_arrays(stream)


def test_packed_sizes_that_are_lies_do_not_count(monkeypatch):
    content = io.BytesIO()
    np.save(content, np.zeros(1 << 20))
    stream = _archive(compressed=True, bomb=content.getvalue())
    changed = bytearray(stream.getvalue())
    entry = changed.rindex(b'PK\x01\x02')
    changed[entry + 20 : entry + 24] = (1 << 30).to_bytes(4, 'little')
    with zipfile.ZipFile(io.BytesIO(changed)) as archive:
        assert archive.getinfo('bomb.npy').compress_size == 1 << 30
    monkeypatch.setattr(memory_share, 'MOST_BYTES', 1 << 20)
    with pytest.raises(ValueError, match=rf'{len(changed)} bytes that stand for 8388736'):
        read_arrays(io.BytesIO(changed))


@pytest.mark.parametrize('content', [b'', b'PK', b'\x93NUMPY', b'\x93NUMPY\x03\x00' + bytes(90)])
def test_damage_is_an_error(content):
    with pytest.raises(ValueError, match='not a readable numpy archive'):
        read_arrays(io.BytesIO(content))
    with pytest.raises(ValueError, match='not a readable numpy archive'):
        read_arrays(_archive(a=content))


def test_offsets():
    assert people_of_offsets(np.array([0, 2, 2, 5])) == 5
    for wrong in (
        np.zeros(0, int),
        np.array([1, 2]),
        np.array([0, 3, 2]),
        np.array([0.0, 1]),
        np.array(0),
        np.array('0'),
    ):
        with pytest.raises(ValueError, match='offsets must be whole numbers that grow from 0 on'):
            people_of_offsets(wrong)
