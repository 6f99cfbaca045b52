"""tools/infer.py loses no file that it reads, and no clip to a Ctrl-C."""

from __future__ import annotations

import json
import os
import shutil
import signal

from mmp3d.apis.command import main
from mmp3d.apis.video_file import VideoFile
from mmp3d.export import read_clip
from mmp3d.geometry import Camera
from tests.test_apis import scenes
from tests.test_tools.infer_scenes import FRAMES


def test_ctrl_c_after_the_last_frame_ends_with_this_clip(folder, tmp_path, capsys, monkeypatch):
    (folder / 'later').mkdir()
    shutil.copy(folder / 'clip.mp4', folder / 'later' / 'next.mp4')
    model = ['--model', folder / 'tiny.py', '--weights', folder / 'tiny.pth', '--device', 'cpu', '--fov', '60']
    given = [folder / 'clip.mp4', folder / 'later' / 'next.mp4', *model, '--out', tmp_path, '--export', 'json']
    command = ['infer', *map(str, given)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    frames = VideoFile.frames

    def read(self, start=0):
        yield from frames(self, start)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(VideoFile, 'frames', read)
    try:
        assert main(command) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert 'interrupted: finishing' in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ['clip.json']
    assert read_clip(tmp_path / 'clip.json').num_frames == FRAMES
    monkeypatch.undo()
    assert main([*command, '--skip-existing']) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ['clip.json', 'next.json']


def test_what_is_read_is_not_written_over(folder, tmp_path, capsys):
    camera = tmp_path / 'clip.json'
    camera.write_text(json.dumps(Camera.from_fov(60, (192, 128)).to_dict()))
    before = camera.read_bytes()
    poses = scenes.write_poses(tmp_path / 'poses.json', range(2)).read_bytes()
    lifting = ['--lift', '--size', '128', '96', '--fov', '60', '--pose2d', str(tmp_path / 'poses.json')]
    for options, said in (
        (lifting, 'poses.json is the file of 2D poses itself'),
        ([str(folder / 'clip.mp4'), '--camera', str(camera)], 'clip.json is the camera file itself'),
    ):
        assert main(['infer', *options, '--out', str(tmp_path), '--overwrite']) == 1
        assert said in capsys.readouterr().err
    assert camera.read_bytes() == before and (tmp_path / 'poses.json').read_bytes() == poses
