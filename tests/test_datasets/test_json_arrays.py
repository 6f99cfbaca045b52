"""The piecewise JSON reader agrees with json.loads on every text, wherever its window ends."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.datasets import json_arrays
from mmp3d.datasets.json_arrays import read_json_arrays

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=10,
)
CONTENTS = st.fixed_dictionaries(
    {'items': st.lists(VALUES, max_size=6)}, optional={'other': VALUES, 'list': st.lists(VALUES, max_size=3)}
)


def read(path) -> list:
    found = []
    read_json_arrays(path, {'items': found.extend})
    return found


@given(
    content=CONTENTS, block=st.integers(1, 40), run=st.sampled_from([1, 8, 1000]), indent=st.sampled_from([None, 1]),
    ascii_only=st.booleans(),
)  # fmt: skip
def test_same_as_reading_the_whole(tmp_path_factory, content, block, run, indent, ascii_only):
    path = tmp_path_factory.mktemp('json') / 'a.json'
    path.write_text(json.dumps(content, indent=indent, ensure_ascii=ascii_only), encoding='utf-8', newline='')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_arrays, 'BLOCK_CHARS', block)
        patch.setattr(json_arrays, 'CHUNK_ELEMENTS', 2)
        patch.setattr(json_arrays, 'LEAST_RUN_CHARS', run)
        assert read(path) == content['items']


@given(content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_a_value_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp('json') / 'a.json'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='a.json'):
        read(path)


@pytest.mark.parametrize(
    'text',
    ['', '{"items": [1, 2]', '{"items": [1 2]}', '{"items": [1,]}', '{"items": {}}', '{"items": [1]} x', '{1: [2]}',
     '{"items": [' + '[' * 100000, '{"items": [1], "items2": tru', '{"items": []; "a": 1}'],
)  # fmt: skip
def test_malformed_text(tmp_path, text):
    (tmp_path / 'a.json').write_text(text)
    with pytest.raises(ValueError, match='a.json: .*fetch it again'):
        read(tmp_path / 'a.json')


RECORDS = st.lists(
    st.dictionaries(st.sampled_from('ab'), st.sampled_from([1, '}, {', '"}, {', [{}, {'a': 1}], {}, float('inf')])),
    max_size=9,
)


@given(
    records=RECORDS, block=st.integers(1, 60), run=st.sampled_from([1, 8]), separator=st.sampled_from([',', ' ,\n '])
)
def test_runs_of_objects_end_where_an_object_ends(tmp_path_factory, records, block, run, separator):
    path = tmp_path_factory.mktemp('json') / 'a.json'
    text = json.dumps({'items': records, 'other': records}, separators=(separator, ':'))
    path.write_text(text, newline='')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_arrays, 'BLOCK_CHARS', block)
        patch.setattr(json_arrays, 'LEAST_RUN_CHARS', run)
        found = {'items': [], 'other': []}
        read_json_arrays(path, {name: each.extend for name, each in found.items()})
    assert found == {'items': records, 'other': records}


def test_missing_member_is_named(tmp_path):
    (tmp_path / 'a.json').write_text('{"other": [1]}')
    with pytest.raises(ValueError, match=r"a.json: missing top-level member\(s\) \['items'\]"):
        read(tmp_path / 'a.json')


def test_compressed_file(tmp_path):
    whole = gzip.compress(b'{"items": [1, "a"]}')
    (tmp_path / 'a.json.gz').write_bytes(whole)
    assert read(tmp_path / 'a.json.gz') == [1, 'a']
    (tmp_path / 'a.json.gz').write_bytes(whole[:-6])
    with pytest.raises(ValueError, match='a.json.gz'):
        read(tmp_path / 'a.json.gz')
