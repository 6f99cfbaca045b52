"""The exported system finds the people that the networks find, without PyTorch and mmpose."""

import json
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest

from mmp3d.apis import OnnxPipeline, load_two_branch
from mmp3d.apis.inferencer import MultiPersonPose3DInferencer
from mmp3d.onnx.export import export_model
from mmp3d.pipeline import ClipFrame
from tests.test_onnx.scene import rendered_clip

for package in ('onnx', 'onnxruntime'):
    pytest.importorskip(package, reason='runs exported graphs: pip install -r requirements/onnx.txt')

# Run where none of the packages can be imported that only the networks need.
ALONE = """
import pickle, sys
REFUSED = ('torch', 'torchvision', 'mmcv', 'mmengine', 'mmdet', 'mmpose')

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in REFUSED:
            raise ModuleNotFoundError(f'{name} is refused')

sys.meta_path.insert(0, Refuse())
from mmp3d.apis import OnnxPipeline
from mmp3d.geometry import Camera
from mmp3d.pipeline import ClipFrame

frames, camera = pickle.load(sys.stdin.buffer)
pipeline = OnnxPipeline(sys.argv[1], threads=1)
found = list(pipeline.run([ClipFrame(*frame) for frame in frames], Camera.from_dict(camera)))
sys.stdout.buffer.write(pickle.dumps(found))
"""


@pytest.fixture(scope='module')
def system():
    return load_two_branch()


@pytest.fixture(scope='module')
def folder(tmp_path_factory, system):
    folder = tmp_path_factory.mktemp('graphs')
    differences = export_model(system, folder, 'tdbu_tiny_mupots.py')
    assert max(max(outputs.values()) for outputs in differences.values()) < 1e-3
    return folder


@pytest.fixture(scope='module')
def clip(tmp_path_factory):
    frames, camera = rendered_clip(tmp_path_factory.mktemp('clip') / 'mupots')
    # One frame cannot be read, and one has nobody given.
    frames[2], frames[5] = frames[2]._replace(image=None), frames[5]._replace(poses=None)
    return frames, camera


def check_same(found, expected):
    assert [number for number, _ in found] == [number for number, _ in expected]
    assert sum(len(people['track_ids']) for _, people in expected) > 8
    for (_, ours), (_, theirs) in zip(found, expected, strict=True):
        assert set(ours) == set(theirs.keys())
        for name in ('track_ids', 'source'):
            assert ours[name].tolist() == theirs[name].tolist()
        np.testing.assert_allclose(ours['keypoints_cam'], theirs['keypoints_cam'], atol=0.1)
        np.testing.assert_allclose(ours['root_cam'], theirs['root_cam'], atol=0.1)
        np.testing.assert_allclose(ours['keypoints'], theirs['keypoints'], atol=0.01)
        for name in ('keypoint_scores', 'bbox_scores'):
            np.testing.assert_allclose(ours[name], theirs[name], atol=1e-4)


def test_the_same_people_in_a_process_that_refuses_the_frameworks(system, folder, clip):
    frames, camera = clip
    done = subprocess.run(
        [sys.executable, '-c', ALONE, str(folder)],
        input=pickle.dumps(([tuple(frame) for frame in frames], camera.to_dict())),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    check_same(pickle.loads(done.stdout), list(system.pipeline.run(frames, camera)))


def test_the_bottom_up_network_alone_runs_without_2d_poses(tmp_path, clip):
    frames, camera = clip
    frames = [frame._replace(poses=None) for frame in frames if frame.image is not None]
    model = MultiPersonPose3DInferencer('bottomup', device='cpu').model
    export_model(model, tmp_path, 'bu_tiny_muco.py')
    pipeline = OnnxPipeline(tmp_path, threads=1)
    assert pipeline.settings.branches == 'bottom_up'
    found = dict(pipeline.run(frames, camera))
    from mmp3d.onnx.export import pipeline_of

    check_same(list(found.items()), list(pipeline_of(model).run(frames, camera)))


def test_nobody_and_no_frames_are_legal(folder, clip):
    pipeline = OnnxPipeline(folder, threads=1)
    grey = ClipFrame(0, np.full((90, 160, 3), 127, np.uint8), (np.zeros((0, 17, 2)), np.zeros((0, 17))))
    ((number, people),) = pipeline.run([grey], clip[1])
    assert number == 0 and people['keypoints_cam'].shape == (0, 17, 3) and people['source'].shape == (0,)
    assert list(pipeline.run([], clip[1])) == []


def test_folders_that_cannot_be_used_are_named(folder, tmp_path):
    manifest = json.loads((folder / 'manifest.json').read_text())
    for change, error, message in (
        ({'settings': None}, ValueError, 'tdbu_tiny_mupots.py finds nobody by itself'),
        ({'graphs': {}}, ValueError, "lacks the graph 'bottom_up'"),
        ({}, FileNotFoundError, 'bottom_up.onnx: no such graph'),
        ({'joint_set': 'coco17'}, ValueError, "manifest.json: joint_set 'coco17', this pipeline runs 'mupots17'"),
        ({'settings': 3}, ValueError, r'manifest.json: damaged \(TypeError'),
        ({'graphs': []}, ValueError, r'manifest.json: damaged \(AttributeError'),
        ({'graphs': {'integration': {}}}, ValueError, r"manifest.json: damaged \(KeyError: 'file'\); export"),
    ):
        changed = {key: value for key, value in {**manifest, **change}.items() if value is not None}
        (tmp_path / 'manifest.json').write_text(json.dumps(changed))
        with pytest.raises(error, match=message):
            OnnxPipeline(tmp_path)


@pytest.mark.parametrize(
    'change',
    [
        {'bottom_up': None},
        {'bottom_up': {'input': {'mean': 1}, 'grouping': {}}},
        {'lifting': {}},
        {'lifting': {'context': 3}},
    ],
)
def test_a_part_that_is_missing_or_of_another_kind_is_damage(folder, tmp_path, change):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    manifest = json.loads((folder / 'manifest.json').read_text())
    (tmp_path / 'manifest.json').write_text(json.dumps({**manifest, **change}))
    with pytest.raises(ValueError, match=r'manifest.json: damaged .*; export the model again'):
        OnnxPipeline(tmp_path, threads=1)
