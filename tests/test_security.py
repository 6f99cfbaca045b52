"""No file that others may have made runs code, or is written outside of the folder that it should be in."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import savemat
from torch import nn

import mmp3d
from mmp3d.apis import MultiPersonPose3DInferencer
from mmp3d.apis.camera_file import read_camera
from mmp3d.apis.clip_job import open_jobs
from mmp3d.apis.recorded_config import recorded_config
from mmp3d.compat.checkpoint import load_checkpoint, load_weights
from mmp3d.compat.released_weights import newest_checkpoint
from mmp3d.datasets import H36MDataset, MeasuredPeopleDataset, PW3DDataset
from mmp3d.datasets.mat5 import read_mat5
from mmp3d.datasets.pseudo_labels import load_labels
from mmp3d.datasets.release_package import read_released_tracks
from mmp3d.datasets.safe_pickle import read_pickle
from mmp3d.export import read_clip, write_clip
from mmp3d.pipeline import StageStore
from tests.test_apis import scenes
from tests.test_export.clips import WRITABLE, walking_clip


class Hostile:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple:
        return Path.touch, (self.marker,)


@pytest.fixture
def marker(tmp_path):
    path = tmp_path / 'code_has_run'
    yield path
    assert not path.exists()


def _is_armed(content: bytes, marker: Path) -> bytes:
    """The content, once it is certain that it is dangerous in other hands."""
    pickle.loads(content)
    assert marker.exists()
    marker.unlink()
    return content


@pytest.mark.parametrize('read', [load_checkpoint, lambda path: load_weights(nn.Linear(1, 1), path)])
@pytest.mark.parametrize('is_zip', [True, False])
def test_checkpoint(tmp_path, marker, read, is_zip):
    state = dict(nn.Linear(1, 1).state_dict())
    torch.save(dict(state_dict=state, meta=Hostile(marker)), tmp_path / 'a.pth', _use_new_zipfile_serialization=is_zip)
    with pytest.raises(ValueError, match=r'a.pth: refused, because reading it would run code'):
        read(tmp_path / 'a.pth')
    (tmp_path / 'b.pth').write_bytes(_is_armed(pickle.dumps(Hostile(marker)), marker))
    with pytest.raises(ValueError, match='b.pth'):
        read(tmp_path / 'b.pth')


@pytest.mark.parametrize(
    'config',
    [
        'import pathlib; pathlib.Path({marker!r}).touch()',
        'model = dict(type="subprocess.Popen", args=["touch", {marker!r}])',
    ],
)
def test_config_that_a_checkpoint_records(tmp_path, marker, config):
    mmp3d.register_all_modules()
    path = tmp_path / 'a.pth'
    torch.save(dict(state_dict=dict(a=torch.zeros(1)), meta=dict(cfg=config.format(marker=str(marker)))), path)
    with pytest.raises(ValueError, match=r'a.pth: its config is not taken: .*trust=True'):
        recorded_config(str(path), trust=False)
    with pytest.raises(ValueError, match='its config is not taken'):
        MultiPersonPose3DInferencer(weights=str(path))


@pytest.mark.parametrize(
    'config',
    [
        "model = dict(type='mmengine.load', file='{folder}/payload.pkl')",
        "model = dict(type='evil_module')",
        "model = dict(type='TwoBranchEstimator', bottom_up=dict(config='{folder}/evil_module.py'))",
        "model = dict(type='BottomUpDepthEstimator', backbone=dict(type='TinyUNet', checkpoint='http://localhost:9/a'))",
        "test_dataloader = dict(collate_fn='evil_module')",
        "default_scope = 'evil_module'",
    ],
)
def test_config_that_a_checkpoint_records_and_that_builds_code(tmp_path, marker, monkeypatch, config):
    """The text is plain, and what mmengine would build of it, or open for it, is code."""
    path, folder = tmp_path / 'a.pth', str(tmp_path)
    (tmp_path / 'payload.pkl').write_bytes(_is_armed(pickle.dumps(Hostile(marker)), marker))
    (tmp_path / 'evil_module.py').write_text(f'import pathlib; pathlib.Path({str(marker)!r}).touch()')
    monkeypatch.syspath_prepend(folder)
    text = "data_mode = 'bottomup'\n" + config.format(folder=folder)
    torch.save(dict(state_dict=dict(a=torch.zeros(1)), meta=dict(cfg=text)), path)
    with pytest.raises(ValueError, match=r'a.pth: its config is not taken: .*trust=True'):
        MultiPersonPose3DInferencer(weights=str(path), device='cpu')


def test_pickles(tmp_path, marker):
    (tmp_path / 'pred').mkdir()
    for path in (tmp_path / 'a.pkl', tmp_path / 'pred' / '1.pkl'):
        path.write_bytes(_is_armed(pickle.dumps([np.zeros(1), Hostile(marker)]), marker))
    with pytest.raises(ValueError, match=r'a.pkl: names the object .*; only numpy arrays and numbers are read'):
        read_pickle(tmp_path / 'a.pkl')
    with pytest.raises(ValueError, match='names the object'):
        read_released_tracks(tmp_path, 1, 'td')
    (tmp_path / 'sequenceFiles' / 'test').mkdir(parents=True)
    (tmp_path / 'a.pkl').rename(tmp_path / 'sequenceFiles' / 'test' / 'a.pkl')
    with pytest.raises(ValueError, match='names the object'):
        PW3DDataset(data_root=str(tmp_path), split='test', needs_images=False)


ARCHIVES = {
    'people': ('positions', read_clip),
    'labels': ('header', load_labels),
    'measured people': ('format', lambda path: MeasuredPeopleDataset(str(path))),
    'Human3.6M': ('S', lambda path: H36MDataset(
        data_root=str(path.parent), split='test', ann_file=path.name, needs_images=False)),
}  # fmt: skip


@pytest.mark.parametrize(('name', 'read'), ARCHIVES.values(), ids=ARCHIVES)
def test_archives_with_objects(tmp_path, marker, name, read):
    objects = np.array([Hostile(marker)], object)
    np.savez(tmp_path / 'a.npz', **{name: objects})
    with pytest.raises(ValueError, match='a.npz: .*holds Python objects, which could run code'):
        read(tmp_path / 'a.npz')
    stream = io.BytesIO()
    np.save(stream, objects)
    (tmp_path / 'a.npz').write_bytes(stream.getvalue())
    with pytest.raises(ValueError, match='not a readable numpy archive'):
        read(tmp_path / 'a.npz')


def test_damaged_stage_is_computed_anew(tmp_path, marker):
    store = StageStore(tmp_path / 'work')
    path = store.path('clip/stage')
    path.parent.mkdir(parents=True)
    np.savez(path, header=np.array([Hostile(marker)], object))
    np.testing.assert_array_equal(store.get('clip/stage', 'key', lambda: dict(a=np.ones(2)))['a'], 1)


def test_mat_file_with_a_function(tmp_path):
    savemat(tmp_path / 'a.mat', dict(annotations=np.array([['system', 'true']], object)))
    content = bytearray((tmp_path / 'a.mat').read_bytes())
    content[content.index(b'annotations') - 16] = 16  # the class of a function handle
    (tmp_path / 'a.mat').write_bytes(content)
    with pytest.raises(ValueError, match='a.mat: not a readable MATLAB v5 file'):
        read_mat5(tmp_path / 'a.mat', 'annotations')


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('camera_matrix: !!python/object/apply:pathlib.Path.touch [{marker}]', 'could not determine a constructor'),
        ('a: &a [1, 1]\nb: &b [*a, *a]\ncamera_matrix: [*b, *b]', 'an alias'),
    ],
)
def test_camera_files(tmp_path, marker, text, said):
    (tmp_path / 'camera.yaml').write_text(text.format(marker=marker))
    with pytest.raises(ValueError, match=f'camera.yaml: not YAML .*{said}'):
        read_camera(tmp_path / 'camera.yaml')


@pytest.mark.parametrize('suffix', ['.trc', '.bvh'])
def test_people_of_many_joints_that_have_no_place_in_the_file(tmp_path, suffix):
    joints, frames = 4000, 20_000
    names = [f'joint {number}' for number in range(joints)]
    columns = 'Frame#\tTime\t' + '\t'.join(names)
    trc = f'PathFileType\t4\nDataRate\tUnits\n25\tmm\n{columns}\n\n' + '1\n' * frames
    tree = ''.join(f'JOINT {name}\n{{\nOFFSET 0 0 0\n}}\n' for name in names)
    root = f'HIERARCHY\nROOT r\n{{\nOFFSET 0 0 0\nCHANNELS 1 Xposition\n{tree}}}\n'
    bvh = f'{root}MOTION\nFrames: {frames}\nFrame Time: 0.04\n' + '0\n' * frames
    path = tmp_path / f'a{suffix}'
    path.write_text({'.trc': trc, '.bvh': bvh}[suffix])
    with pytest.raises(ValueError, match=r'20000 frames of 400\d (markers|joints) are not in this file'):
        read_clip(path)


def test_checkpoint_folder_that_names_a_file_elsewhere(tmp_path):
    (tmp_path / 'release').mkdir()
    (tmp_path / 'other.pth').touch()
    for name in ('../other.pth', str(tmp_path / 'other.pth')):
        (tmp_path / 'release' / 'checkpoint').write_text(name)
        with pytest.raises(ValueError, match='expected the name of a .pth file beside it'):
            newest_checkpoint(tmp_path / 'release')


@pytest.mark.parametrize('name', ['../outside', '/outside', 'a/../../outside', '..', '.', '', 'a\0b', 'x' * 300])
def test_names_of_clips_stay_in_the_work_folder(tmp_path, name):
    folder = tmp_path / 'work'
    store = StageStore(folder)
    store.get(f'{name}/stage', 'key', lambda: dict(a=np.ones(1)))
    written = [path for path in tmp_path.rglob('*') if path.is_file()]
    assert [path.resolve().is_relative_to(folder) for path in written] == [True]


@pytest.mark.parametrize('name', ['..mp4', '...mp4', '=1+1.mp4', '<script>.mp4', 'a\nb.mp4', '-rf.mp4'])
def test_names_of_videos_stay_in_the_output_folder(tmp_path, name):
    video = scenes.write_video(tmp_path / 'a.mp4', 2).rename(tmp_path / name)
    (job,) = open_jobs([str(video)], str(tmp_path / 'out'), WRITABLE, overwrite=False)
    written, failures = job.write(walking_clip(frames=2))
    assert not failures and {path.parent.resolve() for path in written} == {tmp_path / 'out'}


def test_names_in_files_cannot_become_something_else(tmp_path):
    clip = walking_clip(people=1, frames=2).replaced(seq_name='</script><script>alert(1)</script>\n# ../../x')
    for suffix in WRITABLE:
        write_clip(tmp_path / 'out' / f'a.{suffix}', clip)
    assert b'<script>alert' not in (tmp_path / 'out' / 'a.html').read_bytes()
    assert (tmp_path / 'out' / 'a.csv').read_text().count('\n') == 2 + clip.present.sum() * 17
    assert read_clip(tmp_path / 'out' / 'a.csv').seq_name == clip.seq_name
    assert {path.parent for path in tmp_path.rglob('*') if path.is_file()} == {tmp_path / 'out'}


@pytest.mark.parametrize('name', ['=HYPERLINK("x")', '+1', '-1', '@a', 'a\nROOT b', 'a\tb', '', ' ', 'pelvis'])
def test_joint_names_are_names(tmp_path, name):
    clip = walking_clip(people=1, frames=2)
    names = [name, *clip.joint_names[1:]]
    with pytest.raises(ValueError, match='joint_names must differ and be plain names'):
        clip.replaced(joint_names=tuple(names))
    (path,) = write_clip(tmp_path / 'a.json', clip)
    path.write_text(json.dumps(json.loads(path.read_text()) | dict(joint_names=names)))
    with pytest.raises(ValueError, match=r'a.json: joint_names must differ'):
        read_clip(path)
