"""What is said where a graph cannot be run."""

import sys

import pytest

from mmp3d.onnx.session import GraphSession


def test_no_file_a_broken_one_and_no_runtime_are_told_apart(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match='none.onnx: no such graph; write it: .*export_onnx'):
        GraphSession(tmp_path / 'none.onnx')
    broken = tmp_path / 'broken.onnx'
    broken.write_bytes(b'not a graph')
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ValueError, match='onnxruntime, which is not installed: pip install'):
        GraphSession(broken)


def test_a_file_that_is_no_graph_is_named(tmp_path):
    pytest.importorskip('onnxruntime', reason='runs graphs: pip install -r requirements/onnx.txt')
    broken = tmp_path / 'broken.onnx'
    broken.write_bytes(b'not a graph')
    with pytest.raises(ValueError, match='broken.onnx: onnxruntime cannot read it'):
        GraphSession(broken)
