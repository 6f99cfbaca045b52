"""Graphs are written whole and checked, or not at all."""

import json

import numpy as np
import pytest
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.apis import load_lifters, load_two_branch
from mmp3d.engine.launch import load_config
from mmp3d.onnx import export as module
from mmp3d.onnx.export import export_model
from mmp3d.onnx.session import GraphSession

for package in ('onnx', 'onnxruntime'):
    pytest.importorskip(package, reason='writes and checks graphs: pip install -r requirements/onnx.txt')
register_all_modules()


def test_lifters_answer_for_any_number_of_clips_and_frames_as_in_pytorch(tmp_path):
    networks = load_lifters()
    differences = export_model(networks, tmp_path, 'lifting_tiny_virtual.py')
    assert set(differences) == {'lifting', 'lifting_windows', 'integration'}
    assert max(max(outputs.values()) for outputs in differences.values()) < 1e-4
    manifest = json.loads((tmp_path / 'manifest.json').read_text())
    assert manifest['lifting'] == {'context': [13, 13]} and manifest['settings']['branches'] == 'top_down'
    session = GraphSession(tmp_path / 'lifting.onnx', threads=1)
    for shape in ((1, 1), (3, 40)):
        found = session(rays=np.full((*shape, 17, 2), 0.1), scores=np.ones((*shape, 17)))['keypoints_cam']
        assert found.shape == (*shape, 17, 3) and np.isfinite(found).all()


@pytest.mark.parametrize('name', ['td_tiny_coco', 'integration_tiny_virtual'])
def test_networks_that_find_nobody_by_themselves_are_written_too(tmp_path, name):
    differences = export_model(MODELS.build(load_config(f'configs/{name}.py').model), tmp_path, f'{name}.py')
    assert max(max(outputs.values()) for outputs in differences.values()) < 1e-4
    assert 'settings' not in json.loads((tmp_path / 'manifest.json').read_text())


def test_a_graph_that_differs_is_named_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(module, 'parity', lambda graph, session: dict.fromkeys(graph.outputs, 0.02))
    with pytest.raises(ValueError, match="integration: output 'keypoints_cam' differs from PyTorch by 0.02, more than"):
        export_model(load_two_branch().integration, tmp_path, 'x.py')
    assert not list(tmp_path.iterdir())


def test_files_that_are_there_stay(tmp_path):
    rule = load_two_branch().integration
    export_model(rule, tmp_path, 'first.py')
    with pytest.raises(ValueError, match='integration.onnx exists; give --overwrite'):
        export_model(rule, tmp_path, 'second.py')
    assert json.loads((tmp_path / 'manifest.json').read_text())['config'] == 'first.py'
    export_model(rule, tmp_path, 'second.py', overwrite=True)
    assert json.loads((tmp_path / 'manifest.json').read_text())['config'] == 'second.py'


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'model.settings.matching': 'released'}, "matching='released'"),
        ({'model.bottom_up_pipeline': [dict(type='PackMultiPersonInputs')]}, 'takes test transforms'),
    ],
)
def test_what_is_not_exported_is_said_before_anything_is_written(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        export_model(load_two_branch(options=options), tmp_path / 'out', 'tdbu.py')
    assert not (tmp_path / 'out').exists()
