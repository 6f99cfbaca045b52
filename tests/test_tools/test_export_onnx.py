"""The tool writes what it says, and ends with what is wrong."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location('tool_export_onnx', CHECKOUT / 'tools' / 'export_onnx.py')
tool = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tool)
LIFTERS = [str(CHECKOUT / 'configs/lifting_tiny_virtual.py'), str(CHECKOUT / 'weights/lifting_tiny_virtual.pth')]


def test_files_and_differences_are_printed(tmp_path, capsys):
    for package in ('onnx', 'onnxruntime'):
        pytest.importorskip(package, reason='writes and checks graphs: pip install -r requirements/onnx.txt')
    tool.main([*LIFTERS, '--out', str(tmp_path)])
    said = capsys.readouterr().out
    assert f'{tmp_path}/lifting.onnx  keypoints_cam' in said and str(tmp_path / 'manifest.json') in said
    assert {path.name for path in tmp_path.iterdir()} == {
        'lifting.onnx', 'lifting_windows.onnx', 'integration.onnx', 'manifest.json'}  # fmt: skip


def test_a_network_needs_its_weights(tmp_path):
    with pytest.raises(ValueError, match='lifting_tiny_virtual.py: give a CHECKPOINT'):
        tool.main([LIFTERS[0], '--out', str(tmp_path)])
    with pytest.raises(FileNotFoundError, match='none.pth'):
        tool.main([LIFTERS[0], 'none.pth', '--out', str(tmp_path)])
