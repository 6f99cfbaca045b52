"""tools/infer.py from the command line to the files, with a tiny model."""

from __future__ import annotations

import json
import sys

import cv2
import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

import mmp3d
from mmp3d.apis import MultiPersonPose3DInferencer
from mmp3d.apis.command import main
from mmp3d.export import read_clip
from mmp3d.geometry import Camera
from tests.test_apis import scenes
from tests.test_export.clips import WRITABLE

FRAMES, POSES = 4, 8


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Models, a video, and the 2D poses of the two people in it and beyond its end."""
    folder = tmp_path_factory.mktemp('infer')
    scenes.write_model(folder)
    scenes.write_video(folder / 'clip.mp4', FRAMES)
    scenes.write_poses(folder / 'poses.json', range(POSES), track_ids=(41, 7))
    mmp3d.register_all_modules()
    torch.manual_seed(0)
    (folder / 'lifters.py').write_text(f'model = {scenes.LIFTERS!r}\n')
    torch.save({'state_dict': MODELS.build(scenes.LIFTERS).state_dict()}, folder / 'lifters.pth')
    return folder


def infer(folder, out, *options, source='clip.mp4'):
    """Exit status of the bottom-up form."""
    model = ['--model', folder / 'tiny.py', '--weights', folder / 'tiny.pth', '--device', 'cpu', '--fov', 60]
    given = [folder / source, '--pose2d', folder / 'poses.json', *model, '--out', out, *options]
    return main(['infer', *map(str, given)])


def test_every_format_of_two_people(folder, tmp_path, capsys):
    assert infer(folder, tmp_path, '--export', *WRITABLE) == 0
    assert '2 people in 4 frames; camera fov' in capsys.readouterr().out
    names = ['clip.csv', 'clip.html', 'clip.json', 'clip.npz']
    names += [f'clip_person{person}.{suffix}' for person in (0, 1) for suffix in ('bvh', 'trc')]
    names += ['clip.rrd'] if 'rrd' in WRITABLE else []
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    clip = read_clip(tmp_path / 'clip.json')
    assert clip.present.all() and clip.positions.shape == (2, FRAMES, 17, 3)
    assert (clip.fps, clip.camera.source, clip.track_ids.tolist()) == (25, 'fov', [0, 1])
    # The ids follow the people over the frames.
    spines = clip.camera.project(clip.positions)[:, :, 15, 0]
    np.testing.assert_allclose(np.sort(np.median(spines, axis=1)), [50, 120], atol=6)
    assert np.ptp(spines, axis=1).max() < 20


def test_nothing_is_replaced_unasked_and_no_work_done_first(folder, tmp_path, capsys, monkeypatch):
    for other in ('clip2_person0.trc', 'clip_personal.trc'):
        (tmp_path / other).touch()
    assert infer(folder, tmp_path, '--export', 'trc') == 0
    with monkeypatch.context() as patch:
        patch.setattr(MultiPersonPose3DInferencer, '__init__', lambda *_, **__: pytest.fail('work done'))
        assert infer(folder, tmp_path, '--export', 'trc') == 1
    assert 'clip_person0.trc exists; give --overwrite' in capsys.readouterr().err
    assert infer(folder, tmp_path, '--export', 'trc', '--overwrite') == 0


def test_ctrl_c_keeps_the_frames_so_far(folder, tmp_path, capsys, monkeypatch):
    forward, calls = MultiPersonPose3DInferencer.forward, []

    def interrupted(self, *args, **kwargs):
        calls.append(0)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return forward(self, *args, **kwargs)

    monkeypatch.setattr(MultiPersonPose3DInferencer, 'forward', interrupted)
    assert infer(folder, tmp_path, '--export', 'json', 'html') == 130
    assert 'keeping the 2 frames' in capsys.readouterr().err
    assert read_clip(tmp_path / 'clip.json').num_frames == 2
    assert (tmp_path / 'clip.html').is_file()


def test_a_video_without_frames_is_named(folder, tmp_path, capsys):
    (folder / 'empty.mp4').write_bytes(b'')
    assert infer(folder, tmp_path, source='empty.mp4') == 1
    assert 'empty.mp4' in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named_before_the_work(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(MultiPersonPose3DInferencer, '__init__', lambda *_, **__: pytest.fail('work done'))
    (tmp_path / 'file').touch()
    assert infer(folder, tmp_path / 'file' / 'out') == 1
    assert 'give another --out' in capsys.readouterr().err


def test_a_format_whose_package_is_missing_is_named_before_the_work(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(MultiPersonPose3DInferencer, '__init__', lambda *_, **__: pytest.fail('work done'))
    monkeypatch.setitem(sys.modules, 'rerun', None)
    assert infer(folder, tmp_path, '--export', 'json', 'rrd') == 1
    assert 'pip install "rerun-sdk' in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_nobody_is_a_result(folder, tmp_path, capsys):
    cv2.imwrite(str(folder / 'nobody.png'), scenes.image())
    model = ['--model', folder / 'tiny.py', '--weights', folder / 'tiny.pth', '--device', 'cpu']
    given = [folder / 'nobody.png', *model, '--out', tmp_path, '--export', *WRITABLE, '--height', 1800, '--world']
    assert main(['infer', *map(str, given)]) == 0
    assert 'nobody was found' in capsys.readouterr().out
    assert read_clip(tmp_path / 'nobody.csv').positions.shape == (0, 1, 17, 3)
    assert not list(tmp_path.glob('*.bvh'))


def lift(folder, out, *options):
    """Exit status of the lifting form."""
    model = ['--model', folder / 'lifters.py', '--weights', folder / 'lifters.pth']
    return main(['infer', '--lift', '--pose2d', *map(str, [folder / 'poses.json', *model, '--out', out, *options])])


def test_poses_alone_are_lifted_and_exported(folder, tmp_path, capsys):
    options = ('--size', 192, 128, '--fov', 60, '--fps', 30, '--height', 1800, '--smooth', 'zero-phase')
    assert lift(folder, tmp_path, *options, '--export', *WRITABLE) == 0
    assert '2 people in 8 frames; camera fov' in capsys.readouterr().out
    clip = read_clip(tmp_path / 'poses.json')
    assert (clip.num_frames, clip.fps, clip.track_ids.tolist()) == (POSES, 30, [0, 1])
    assert set(clip.processing) == {'smoothing', 'scale'}
    assert clip.camera.image_size == (192, 128) and clip.present.all()
    assert {'poses_person0.bvh', 'poses_person1.trc', 'poses.html'} <= {path.name for path in tmp_path.iterdir()}


def test_a_video_gives_size_rate_and_pictures_and_ids_are_kept(folder, tmp_path):
    assert lift(folder, tmp_path, folder / 'clip.mp4', '--focal', 200, '--keep-ids', '--export', 'json', 'html') == 0
    clip = read_clip(tmp_path / 'clip.json')
    assert (clip.fps, clip.camera.image_size, clip.camera.source) == (25, (192, 128), 'focal')
    assert clip.num_frames == POSES and sorted(clip.track_ids.tolist()) == [7, 41]
    page = (tmp_path / 'clip.html').read_text()
    pictures = json.loads(page.split('application/json">')[1].split('</script>')[0])['pictures']
    assert [frame for frame, _ in pictures] == list(range(FRAMES))


def test_a_camera_file_tells_the_size(folder, tmp_path):
    (tmp_path / 'camera.json').write_text(json.dumps(Camera.from_fov(60, (192, 128)).to_dict()))
    assert lift(folder, tmp_path, '--camera', tmp_path / 'camera.json', '--export', 'npz') == 0
    assert read_clip(tmp_path / 'poses.npz').camera.image_size == (192, 128)


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        (['--lift'], '--pose2d FILE'),
        ([], 'give a video'),
        (['--lift', '--pose2d', 'poses.json', '--batch-size', '2'], '--batch-size does not go with --lift'),
        (['clip.mp4', '--keep-ids'], '--keep-ids does not go without --lift'),
        (['clip.mp4', '--lift', '--pose2d', 'poses.json', '--size', '9', '9'], '--size is for'),
    ],
)
def test_options_that_do_not_go_together_are_named(options, said, capsys):
    assert main(['infer', *options]) == 1
    assert said in capsys.readouterr().err


def test_lifting_without_any_image_size_is_named(folder, tmp_path, capsys):
    assert lift(folder, tmp_path) == 1
    assert '--size W H' in capsys.readouterr().err
