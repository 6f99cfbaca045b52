"""Parsed annotations are kept, and never used where they could be wrong."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.datasets import (
    CocoMultiPersonDataset,
    H36MDataset,
    JTADataset,
    MuCoDataset,
    MuPoTSDataset,
    PW3DDataset,
    cache,
    coco,
    jta,
    report,
)
from mmp3d.datasets.column_file import read_columns, read_header, write_columns
from tests.test_datasets.layouts import h36m_content, jta_rows, pw3d_content, write_h36m, write_jta, write_pw3d
from tests.test_datasets.scenes import coco_person, muco_content, write_coco, write_muco, write_mupots


def files(root) -> list:
    return sorted((root / cache.FOLDER).glob('*'))


def build_jta(root, **options) -> JTADataset:
    return JTADataset(data_root=str(root), needs_images=False, **options)


@pytest.fixture(autouse=True)
def _keep_little(monkeypatch) -> None:
    monkeypatch.setattr(cache, 'LEAST_BYTES', 0)


@pytest.fixture
def forbidden(monkeypatch):
    """Call it to make parsing of JTA an error."""

    def forbid() -> None:
        def parse(*_: object) -> None:
            raise AssertionError('was parsed again')

        monkeypatch.setattr(jta, 'read_jta_sequence', parse)

    return forbid


def all_data_sets(root) -> list:
    write_muco(root / 'muco', muco_content([[3000, 4000], []]))
    write_mupots(root / 'mupots', {'TS1': 3, 'TS2': 1})
    crowd = coco_person(8, {5: (1, 1, 2)}, iscrowd=1, segmentation={'size': [48, 64], 'counts': [9, 48 * 64 - 9]})
    write_coco(root / 'coco', [coco_person(7, {5: (10, 10, 2), 6: (20, 10, 1)}), crowd])
    write_jta(root / 'jta', {3: jta_rows(2, 2), 4: jta_rows(3, 1)})
    write_pw3d(root / 'pw3d', {'a': pw3d_content()})
    write_h36m(root / 'h36m', {9: h36m_content(9)})
    return [
        (MuCoDataset, dict(data_root=str(root / 'muco'))),
        (MuPoTSDataset, dict(data_root=str(root / 'mupots'))),
        (CocoMultiPersonDataset, dict(data_root=str(root / 'coco'), ann_file='coco.json')),
        (JTADataset, dict(data_root=str(root / 'jta'), needs_images=False)),
        (PW3DDataset, dict(split='test', data_root=str(root / 'pw3d'))),
        (H36MDataset, dict(split='test', data_root=str(root / 'h36m'), needs_images=False)),
    ]


def same(first: object, second: object) -> bool:
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second, equal_nan=first.dtype.kind == 'f')
    return (first.to_dict() == second.to_dict()) if hasattr(first, 'to_dict') else first == second


def test_items_from_the_cache_are_those_from_the_files(tmp_path):
    for data_set, options in all_data_sets(tmp_path):
        parsed = data_set(**options, test_mode=True, annotation_cache=False)
        assert not files(tmp_path / options['data_root'])
        for _ in range(2):
            kept = data_set(**options, test_mode=True)
            assert files(tmp_path / options['data_root']), data_set
            assert len(kept) == len(parsed)
            for one, other in zip(parsed, kept, strict=True):
                assert list(one) == list(other)
                assert all(same(one[key], other[key]) for key in one), data_set


def test_files_are_parsed_once(tmp_path, forbidden):
    root = write_jta(tmp_path, {3: jta_rows(2, 2)})
    build_jta(root)
    forbidden()
    item = build_jta(root).get_data_info(1)
    item['keypoints'][:] = 0  # an item is a copy, not the file
    assert build_jta(root).get_data_info(1)['keypoints'].any()
    with pytest.raises(AssertionError, match='parsed again'):
        build_jta(root, keep_invisible=True)


def test_little_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, 'LEAST_BYTES', 1 << 20)
    root = write_jta(tmp_path, {3: jta_rows(2, 2)})
    assert len(build_jta(root)) == 2 and not files(root)


def test_changed_source_is_parsed_anew(tmp_path):
    root = write_jta(tmp_path, {3: jta_rows(2, 2)})
    path, before = root / 'annotations' / 'train' / 'seq_3.json', build_jta(root).get_data_info(0)
    status = path.stat()
    path.write_text(path.read_text().replace('[1, 7, ', '[1, 9, '))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    assert before['track_ids'].tolist() == [7, 8] and build_jta(root).get_data_info(0)['track_ids'].tolist() == [8, 9]
    assert len(files(root)) == 1


def test_large_source_is_known_by_parts_size_and_time(tmp_path, monkeypatch, forbidden):
    monkeypatch.setattr(cache, 'WHOLE_BYTES', 100)
    monkeypatch.setattr(cache, 'BLOCK_BYTES', 50)
    root = write_jta(tmp_path, {3: jta_rows(2, 2)})
    build_jta(root)
    forbidden()
    build_jta(root)
    os.utime(root / 'annotations' / 'train' / 'seq_3.json', ns=(1, 1))
    with pytest.raises(AssertionError, match='parsed again'):
        build_jta(root)


def test_changed_code_is_parsed_anew(tmp_path, monkeypatch, forbidden):
    root = write_jta(tmp_path, {3: jta_rows(2, 2)})
    build_jta(root)
    monkeypatch.setattr(cache, '_code', lambda: 'another version')
    forbidden()
    with pytest.raises(AssertionError, match='parsed again'):
        build_jta(root)


def test_damaged_cache_is_written_anew(tmp_path):
    root = write_jta(tmp_path, {3: jta_rows(2, 2)})
    expected = build_jta(root).get_data_info(0)['keypoints_cam']
    (path,) = files(root)
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    damages = [b'', whole[:10], whole[:-1], whole[: len(whole) // 2], b'MMP3DCF1' + b'\xff' * 100]
    for place in generator.integers(0, len(whole), 30).tolist():
        damages.append(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
    for damage in damages:
        path.write_bytes(damage)
        np.testing.assert_array_equal(build_jta(root).get_data_info(0)['keypoints_cam'], expected)


def test_folder_that_cannot_be_written_is_one_warning(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(report, '_SAID', set())
    monkeypatch.setattr(cache, 'warn_once', said.append)
    root = write_jta(tmp_path, {3: jta_rows(2, 2), 4: jta_rows(2, 2)})
    (root / cache.FOLDER).write_text('a file where the folder should be')
    assert len(build_jta(root)) == 4
    assert set(said) == {said[0]} and 'cannot keep parsed annotations' in said[0]


def test_folder_of_the_users_choice(tmp_path):
    root = write_jta(tmp_path / 'data', {3: jta_rows(2, 2)})
    build_jta(root, annotation_cache=str(tmp_path / 'kept'))
    assert len(list((tmp_path / 'kept').iterdir())) == 1 and not files(root)


def test_warnings_are_said_again(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(report, 'print_log', lambda message, **_: said.append(message))
    root = write_jta(tmp_path, {3: [[*row[:3], int(row[3]), int(row[4]), *row[5:]] for row in jta_rows(2, 2)]})
    for count in (1, 2):
        build_jta(root)
        assert len(said) == count and 'whole pixels' in said[-1]


def _build_in_process(root: str, start, found) -> None:
    start.wait()
    found.put(build_jta(root).get_data_info(1)['keypoints_cam'].tobytes())


def test_several_processes_at_once(tmp_path):
    root = write_jta(tmp_path, {3: jta_rows(20, 3)})
    expected = build_jta(root, annotation_cache=False).get_data_info(1)['keypoints_cam'].tobytes()
    context = multiprocessing.get_context('fork')
    start, found = context.Barrier(4), context.Queue()
    processes = [context.Process(target=_build_in_process, args=(str(root), start, found)) for _ in range(4)]
    for process in processes:
        process.start()
    assert [found.get(timeout=60) for _ in processes] == [expected] * 4
    for process in processes:
        process.join()
    assert [path.suffix for path in files(root)] == [cache.SUFFIX]


def test_kept_annotations_can_be_sent_to_a_worker(tmp_path):
    write_jta(tmp_path, {3: jta_rows(2, 2)})
    data_set = pickle.loads(pickle.dumps(build_jta(tmp_path)))
    assert data_set.get_data_info(1)['keypoints'].any()


def test_crowds_regions_come_back(tmp_path, monkeypatch):
    crowd = coco_person(7, {}, iscrowd=1, segmentation={'size': [48, 64], 'counts': [9, 48 * 64 - 9]})
    options = dict(data_root=str(write_coco(tmp_path, [crowd])), ann_file='coco.json', test_mode=True)
    before = CocoMultiPersonDataset(**options).get_data_info(0)['invalid_segs']
    monkeypatch.setattr(coco, 'read_coco_table', None)
    assert CocoMultiPersonDataset(**options).get_data_info(0)['invalid_segs'] == before != []


COLUMNS = st.dictionaries(
    st.text('ab.', min_size=1, max_size=4),
    st.sampled_from([np.arange(5), np.zeros((0, 3), np.float32), np.array([b'x', b'yz']), np.ones((2, 2), bool),
                     np.array([], 'S1'), np.float32([[np.nan, 1]]), np.arange(10)[::2]]),
    max_size=4,
)  # fmt: skip


@given(columns=COLUMNS, remembered=st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3)))
def test_columns_come_back(tmp_path_factory, columns, remembered):
    path = tmp_path_factory.mktemp('columns') / 'a.columns'
    write_columns(path, remembered, columns)
    assert read_header(path) == json.loads(json.dumps(remembered))
    found = read_columns(path)
    assert list(found) == list(columns)
    for name, column in columns.items():
        np.testing.assert_array_equal(found[name], column)
        assert found[name].dtype == column.dtype and found[name].shape == column.shape
        assert not found[name].size or not found[name].flags.writeable


def test_objects_are_no_columns(tmp_path):
    with pytest.raises(TypeError, match="column 'a' is object"):
        write_columns(tmp_path / 'a', {}, {'a': np.array([{}])})
    assert not list(tmp_path.iterdir())
