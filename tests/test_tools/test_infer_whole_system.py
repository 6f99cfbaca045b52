"""tools/infer.py with both branches: every file, and runs that were broken off."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmp3d.apis.command import main
from mmp3d.export import read_clip
from mmp3d.models.estimators import BottomUpDepthEstimator
from tests.test_apis import scenes
from tests.test_export.clips import WRITABLE
from tests.test_tools.infer_scenes import fail_to_write

LONG = 10
# Ends the process, as a power cut would, once two chunks of three frames have been looked at.
KILLED = """
import os, signal, sys
from mmp3d.apis.command import main
from mmp3d.pipeline.stage_store import StageStore
from tests.test_apis import scenes

keep = StageStore.keep

def killing(self, name, *rest):
    found = keep(self, name, *rest)
    if name.endswith('bottom_up-000003'):
        os.kill(os.getpid(), signal.SIGKILL)
    return found

StageStore.keep = killing
main(sys.argv[1:])
"""


def whole(folder, out, *options):
    """Arguments for the whole system on the long clip."""
    given = ['infer', folder / 'long.mp4', '--pose2d', folder / 'long.json', '--model', folder / 'system.py']
    return [*map(str, [*given, '--fov', 60, '--device', 'cpu', '--out', out, *options])]


@pytest.fixture(scope='module')
def long_clip(folder):
    scenes.write_video(folder / 'long.mp4', LONG)
    scenes.write_poses(folder / 'long.json', range(LONG))
    return folder


def test_the_whole_system_gives_every_file_and_no_folder_is_left(long_clip, tmp_path, capsys):
    assert main(whole(long_clip, tmp_path, '--export', *WRITABLE, 'mp4')) == 0
    assert '2 people in 10 frames' in capsys.readouterr().out
    names = ['long.csv', 'long.html', 'long.json', 'long.mp4', 'long.npz']
    names += [f'long_person{person}.{suffix}' for person in (0, 1) for suffix in ('bvh', 'trc')]
    names += ['long.rrd'] if 'rrd' in WRITABLE else []
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    clip = read_clip(tmp_path / 'long.json')
    assert clip.present.all() and clip.track_ids.tolist() == [0, 1]
    spines = clip.camera.project(clip.positions)[:, :, 15, 0]
    assert np.ptp(spines, axis=1).max() < 20
    capture = cv2.VideoCapture(str(tmp_path / 'long.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == LONG


def test_entries_of_the_config_are_replaced(long_clip, tmp_path, capsys):
    assert main(whole(long_clip, tmp_path, '--cfg-options', 'model.settings.branches=nobody')) == 1
    assert 'branches' in capsys.readouterr().err
    alone = whole(long_clip, tmp_path, '--export', 'json', '--cfg-options', 'model.settings.branches=top_down')
    assert main(alone) == 0
    assert read_clip(tmp_path / 'long.json').present.all()


def test_a_killed_run_goes_on_and_writes_the_same_files(long_clip, tmp_path, monkeypatch):
    formats = ('--export', 'json', 'npz', 'csv', 'bvh', 'html')
    assert main(whole(long_clip, tmp_path / 'at_once', *formats)) == 0
    command = [sys.executable, '-c', KILLED, *whole(long_clip, tmp_path / 'killed', *formats)]
    checkout = Path(__file__).resolve().parents[2]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=checkout, timeout=300)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    kept = tmp_path / 'killed' / 'work' / 'long'
    assert len(list(kept.glob('bottom_up-*.npz'))) == 2
    looked, step = [], BottomUpDepthEstimator.start_test
    monkeypatch.setattr(
        BottomUpDepthEstimator, 'start_test', lambda self, data: looked.append(len(data['inputs'])) or step(self, data)
    )
    assert main(whole(long_clip, tmp_path / 'killed', *formats)) == 0
    assert sum(looked) == LONG - 6
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ('at_once', 'killed')
    )
    assert first == second and len(first) == 6


def test_a_full_disk_during_the_work_says_where_it_goes_on(long_clip, tmp_path, capsys, monkeypatch):
    fail_to_write(monkeypatch, 'bottom_up-000006.npz')
    assert main(whole(long_clip, tmp_path)) == 1
    assert 'No space left' in (said := capsys.readouterr().err) and f'is in {tmp_path / "work"}' in said
    monkeypatch.undo()
    assert main(whole(long_clip, tmp_path)) == 0
