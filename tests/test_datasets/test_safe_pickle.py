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
    'structured': np.zeros(2, [('a', 'f4'), ('b', 'i2', (3,))]),
}  # fmt: skip


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_numbers_come_back_in_every_protocol(tmp_path, protocol):
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps(CONTENT, protocol))
    found = read_pickle(path)
    assert list(found) == list(CONTENT) and found['text'] == 'é' and found['bytes'] == b'\xff\x00'
    assert found['numbers'] == CONTENT['numbers'] and found['scalar'] == 2 and found['type'] == np.dtype('<f4')
    for one, other in zip(found['arrays'], CONTENT['arrays'], strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    assert found['objects'].tolist() == [{'a': 1}, None] and found['structured'].dtype.names == ('a', 'b')


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
