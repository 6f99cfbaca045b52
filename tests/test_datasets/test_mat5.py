"""MATLAB v5 files are read as scipy reads them, and damaged ones never end the process."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
import scipy.io
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from mmp3d.datasets.mat5 import read_mat5

ARRAYS = st_numpy.arrays(
    st.sampled_from(['f8', 'f4', 'u1', 'i2', 'i8']),
    st_numpy.array_shapes(min_dims=2, max_dims=3, min_side=0, max_side=4),
)


def unwrapped(value: object) -> object:
    """What scipy read, in the form of our reader."""
    if isinstance(value, np.ndarray) and value.dtype.names:
        return {name: unwrapped(value[name][0, 0]) for name in value.dtype.names}
    return [unwrapped(each) for each in value.flat] if value.dtype == object else value


def plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value.flat] if value.dtype == object else value


@given(arrays=st.lists(ARRAYS, min_size=1, max_size=4), compressed=st.booleans(), structs=st.booleans())
def test_same_as_scipy(tmp_path_factory, arrays, compressed, structs):
    path = tmp_path_factory.mktemp('mat') / 'a.mat'
    cells = np.empty((1, len(arrays)), object)
    for column, array in enumerate(arrays):
        cells[0, column] = {'a_name': array, 'b': array * 0} if structs else array
    scipy.io.savemat(path, {'other': np.eye(2), 'cells': cells, 'last': 3}, do_compression=compressed)
    found = read_mat5(path, 'cells')
    assert found.shape == cells.shape
    expected = unwrapped(scipy.io.loadmat(path)['cells'])
    np.testing.assert_equal(plain(found), expected)


def test_big_endian(tmp_path):
    def element(kind: int, data: bytes) -> bytes:
        return struct.pack('>II', kind, len(data)) + data + bytes(-len(data) % 8)

    matrix = element(6, struct.pack('>II', 6, 0)) + element(5, struct.pack('>ii', 1, 2)) + element(1, b'a')
    matrix += element(9, struct.pack('>dd', 1.5, -2))
    (tmp_path / 'a.mat').write_bytes(b'MATLAB 5.0'.ljust(124) + b'\x01\x00MI' + element(14, matrix))
    assert read_mat5(tmp_path / 'a.mat', 'a').tolist() == [[1.5, -2]]


def test_variable_that_is_not_there_is_named(tmp_path):
    scipy.io.savemat(tmp_path / 'a.mat', {'one': 1, 'two': 2})
    with pytest.raises(ValueError, match=r"a.mat: lacks the variable 'three', it has \['one', 'two'\]"):
        read_mat5(tmp_path / 'a.mat', 'three')


def test_text_is_not_read(tmp_path):
    scipy.io.savemat(tmp_path / 'a.mat', {'a': 'text'})
    with pytest.raises(ValueError, match='matrix of class 4, expected a cell array, a struct or numbers'):
        read_mat5(tmp_path / 'a.mat', 'a')


def test_lengths_that_lead_outside_are_errors(tmp_path):
    path = tmp_path / 'a.mat'
    scipy.io.savemat(path, {'a': np.array([[np.eye(2), np.eye(3)]], object)})
    whole = path.read_bytes()
    for place in range(128, len(whole), 3):
        for value in (0, 0x0E, 0x7F, 0xFF):
            path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
            try:
                read_mat5(path, 'a')
            except ValueError as error:
                assert 'a.mat: ' in str(error)


def test_bomb_is_not_inflated(tmp_path, monkeypatch):
    monkeypatch.setattr('mmp3d.datasets.mat5.MAX_BYTES', 1000)
    packed = zlib.compress(bytes(100_000))
    content = b'MATLAB 5.0'.ljust(124) + b'\x00\x01IM' + struct.pack('<II', 15, len(packed)) + packed
    (tmp_path / 'a.mat').write_bytes(content)
    with pytest.raises(ValueError, match='truncated or too large'):
        read_mat5(tmp_path / 'a.mat', 'a')
