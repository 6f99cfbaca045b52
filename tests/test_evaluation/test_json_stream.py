import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.evaluation.json_stream import JsonStream

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner), max_leaves=8
)


class Drops(io.StringIO):
    """A text that gives a few characters at a time, however many are asked for."""

    def read(self, size=-1):
        return super().read(3)


def same(found, expected) -> bool:
    return json.dumps(found) == json.dumps(expected)


@settings(max_examples=30, deadline=None)
@given(value=VALUES, indent=st.sampled_from([None, 0, 2]))
def test_reads_what_json_reads_wherever_the_text_is_cut(value, indent):
    stream = JsonStream(Drops(' ' + json.dumps(value, indent=indent)))
    assert same(stream.value(), value)
    stream.end()


@settings(max_examples=20, deadline=None)
@given(values=st.lists(VALUES, max_size=5), blank=st.sampled_from(['', ' ', '\n\t']))
def test_lists_and_objects_piece_by_piece(values, blank):
    text = blank + '[' + f'{blank},{blank}'.join(map(json.dumps, values)) + blank + ']' + blank
    stream = JsonStream(Drops(text))
    assert same(list(stream.list_elements()), values)
    stream.end()
    named = {f'k{index}': value for index, value in enumerate(values)}
    stream = JsonStream(Drops(json.dumps(named)))
    assert same({key: stream.value() for key in stream.object_keys()}, named)
    stream.end()


@pytest.mark.parametrize('text', ['[1 2]', '[1,]', '[1', '', '{}', '[nul]', '[1}'])
def test_damaged_lists(text):
    with pytest.raises(json.JSONDecodeError):
        list(JsonStream(Drops(text)).list_elements())


@pytest.mark.parametrize('text', ['{"a" 1}', '{"a": 1,}', '{"a": 1', '[]', '{"a":}'])
def test_damaged_objects(text):
    stream = JsonStream(Drops(text))
    with pytest.raises(json.JSONDecodeError):
        for _ in stream.object_keys():
            stream.value()


def test_what_follows_the_end_is_an_error():
    stream = JsonStream(Drops('[] 1'))
    assert list(stream.list_elements()) == []
    with pytest.raises(json.JSONDecodeError, match='Extra data'):
        stream.end()
