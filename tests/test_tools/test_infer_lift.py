"""The lifting form of the command line: 2D poses to files."""

from __future__ import annotations

import json
import shutil

from mmp3d.apis.command import main
from mmp3d.export import read_clip
from mmp3d.geometry import Camera
from tests.test_apis import scenes
from tests.test_export.clips import WRITABLE
from tests.test_tools.infer_scenes import FRAMES, POSES, lift


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


def test_lifting_without_any_image_size_is_named(folder, tmp_path, capsys):
    assert lift(folder, tmp_path) == 1
    assert '--size W H' in capsys.readouterr().err


def test_each_input_has_its_2d_poses(folder, tmp_path, capsys):
    (folder / 'two').mkdir()
    for name, frames in (('clip', range(POSES)), ('clip_1', range(2, POSES))):
        scenes.write_poses(tmp_path / f'{name}.json', frames)
    shutil.copy(folder / 'clip.mp4', folder / 'two' / 'clip.mp4')
    shutil.copy(folder / 'clip.mp4', folder / 'two' / 'other.mp4')
    inputs = [folder / name for name in ('clip.mp4', 'two/clip.mp4', 'two/other.mp4')]
    lifters = ['--lift', '--model', folder / 'lifters.py', '--weights', folder / 'lifters.pth', '--export', 'json']
    given = [*inputs, '--pose2d', tmp_path / '{name}.json', *lifters, '--fov', 60, '--out', tmp_path / 'out']
    assert main(['infer', *map(str, given)]) == 3
    assert 'other.json' in capsys.readouterr().err
    present = {path.stem: read_clip(path).present.any(axis=0) for path in (tmp_path / 'out').iterdir()}
    assert sorted(present) == ['clip', 'clip_1']
    assert present['clip'].all() and present['clip_1'].tolist() == [False] * 2 + [True] * (POSES - 2)
