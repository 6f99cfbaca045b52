"""Pickles of numbers are read, everything else is refused by name."""

from __future__ import annotations

import collections
import os
import pickle

import numpy as np
import pytest

from mmp3d.datasets import PW3DDataset
from mmp3d.datasets.safe_pickle import read_pickle
from tests.shared_data import shared_path
from tests.test_datasets.layouts import pw3d_content, write_pw3d

CONTENT = {
    'text': 'é', 'bytes': b'\xff\x00', 'numbers': [1, 2.5, None, True, -(1 << 70)], 'tuple': ({1: 2},),
    'arrays': [np.arange(6.0).reshape(2, 3), np.zeros((0, 4), np.uint8), np.array(['a', 'bc'])],
    'objects': np.array([{'a': 1}, None], object), 'scalar': np.float64(2), 'type': np.dtype('<f4'),
    'orders': [np.eye(2, 3).T, np.arange(6).reshape(1, 2, 3).transpose(1, 2, 0), np.arange(3, dtype='>i4')],
}  # fmt: skip


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_numbers_come_back_in_every_protocol(tmp_path, protocol):
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps(CONTENT, protocol))
    found = read_pickle(path)
    assert list(found) == list(CONTENT) and found['text'] == 'é' and found['bytes'] == b'\xff\x00'
    assert found['numbers'] == CONTENT['numbers'] and found['scalar'] == 2 and found['type'] == np.dtype('<f4')
    for name in ('arrays', 'orders'):
        for one, other in zip(found[name], CONTENT[name], strict=True):
            np.testing.assert_array_equal(one, other)
            assert type(one) is np.ndarray and one.dtype == other.dtype
    assert found['objects'].tolist() == [{'a': 1}, None]


@pytest.mark.parametrize('value', [np.zeros(2, [('a', 'f4')]), np.zeros(2, 'M8[s]'), np.zeros(2, 'V3')])
def test_records_and_dates_are_refused(tmp_path, value):
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(value))
    with pytest.raises(ValueError, match='a.pkl: not a readable pickle .*are not read'):
        read_pickle(tmp_path / 'a.pkl')


# What numpy itself would believe: its own types and states, with one thing changed.
UNSOUND = {
    'fewer bytes than numbers': ((1, (99,), np.dtype('f8'), False, b'12345678'), 'bytes for an array of shape'),
    'bytes in place of objects': ((1, (1,), np.dtype('O'), False, b'12345678'), 'objects without as many'),
    'a negative side': ((1, (-1, -1), np.dtype('f8'), False, b'12345678'), 'bytes for an array of shape'),
    'no type': ((1, (1,), None, False, b'12345678'), 'without a type or shape'),
    'no shape': ((1, 1, np.dtype('f8'), False, b'12345678'), 'without a type or shape'),
    'no state': (None, 'TypeError'),
}


@pytest.mark.parametrize(('state', 'message'), UNSOUND.values(), ids=UNSOUND)
def test_unsound_arrays_are_errors(tmp_path, state, message):
    class Unsound:
        def __reduce__(self) -> tuple:
            return np._core.multiarray._reconstruct, (np.ndarray, (0,), b'b'), state or 0

    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(Unsound(), 2))
    with pytest.raises(ValueError, match=f'a.pkl: not a readable pickle .*{message}'):
        read_pickle(tmp_path / 'a.pkl')


def test_a_container_in_itself_is_an_error(tmp_path):
    value = []
    value.append(value)
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(value))
    with pytest.raises(ValueError, match='not a readable pickle .*RecursionError'):
        read_pickle(tmp_path / 'a.pkl')


def test_array_of_python_2(tmp_path):
    # What Python 2 wrote of np.arange(2, dtype='<i2') with protocol 2: the buffer is a str of bytes.
    content = (
        b'\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87Rq\x03(K\x01K\x02\x85'
        b'cnumpy\ndtype\nq\x04U\x02i2K\x00K\x01\x87Rq\x05(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89'
        b'U\x04\x00\x00\xc8\xfftb.'
    )
    (tmp_path / 'a.pkl').write_bytes(content)
    assert read_pickle(tmp_path / 'a.pkl').tolist() == [0, -56]


class Evil:
    def __reduce__(self) -> tuple:
        return os.system, ('exit 1',)


@pytest.mark.parametrize(
    ('value', 'name'),
    [(Evil(), r'(posix|nt)\.system'), (collections.OrderedDict(a=1), 'collections.OrderedDict'),
     (np.load, r'numpy\.load'), (np.random.default_rng(0), 'numpy.random')],
)  # fmt: skip
def test_objects_from_elsewhere_are_refused_by_name(tmp_path, value, name):
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps({'a': value}))
    with pytest.raises(ValueError, match=rf'a.pkl: names the object {name}.*only numpy arrays and numbers are read'):
        read_pickle(path)


def test_dotted_names_do_not_lead_elsewhere(tmp_path):
    path = tmp_path / 'a.pkl'
    for module, name in ((b'numpy', b'ndarray.tofile'), (b'numpy', b'core.os.system'), (b'numpy.core', b'multiarray')):
        path.write_bytes(
            b'\x80\x04\x8c' + bytes([len(module)]) + module + b'\x8c' + bytes([len(name)]) + name + b'\x93.'
        )
        with pytest.raises(ValueError, match='names the object'):
            read_pickle(path)


@pytest.mark.parametrize(
    'content', [b'', b'\x80', b'no pickle', pickle.dumps(CONTENT)[:-30], b'\x80\x04X\xff\xff\xff\x7f.']
)
def test_damaged_files_are_named(tmp_path, content):
    (tmp_path / 'a.pkl').write_bytes(content)
    with pytest.raises(ValueError, match='a.pkl: (not a readable pickle|the file is empty)'):
        read_pickle(tmp_path / 'a.pkl')


def test_data_set_refuses_a_sequence_that_could_run_code(tmp_path):
    root = write_pw3d(tmp_path, {'a': pw3d_content()})
    (root / 'sequenceFiles' / 'test' / 'a.pkl').write_bytes(pickle.dumps({**pw3d_content(), 'sequence': Evil()}))
    with pytest.raises(ValueError, match=r'a.pkl: names the object (posix|nt).system'):
        PW3DDataset('test', data_root=str(root))


def test_real_cameras():
    cameras = read_pickle(shared_path('real/samples/h36m/mmpose/cameras.pkl'))
    assert len(cameras) == 44 and cameras['S1', '54138969']['w'] == 1000
