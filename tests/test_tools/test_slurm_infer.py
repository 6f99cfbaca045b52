"""tools/slurm_infer.sh: every video belongs to one task, with Slurm or without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmp3d.export import read_clip
from tests.test_apis import scenes

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPT = CHECKOUT / 'tools' / 'slurm_infer.sh'


def script(*arguments, command='echo', **environment):
    bash = ['bash', str(SCRIPT), *map(str, arguments)]
    variables = {**os.environ, 'MMP3D': command, **environment}
    return subprocess.run(bash, capture_output=True, text=True, env=variables, timeout=300)


@pytest.fixture
def listed(tmp_path):
    file = tmp_path / 'list.txt'
    file.write_text('a b.mp4\nc.mp4\n\nd.mp4\ne.mp4')
    return file


def test_tasks_of_an_array_share_the_list(listed):
    said = []
    for task in range(7, 10):
        array = dict(SLURM_ARRAY_TASK_ID=str(task), SLURM_ARRAY_TASK_MIN='7', SLURM_ARRAY_TASK_COUNT='3')
        said.append(script(listed, 'out', '--fov', '60', **array).stdout.strip())
    assert said == [
        'a b.mp4 e.mp4 --out out/00000 --skip-existing --fov 60',
        'c.mp4 --out out/00001 --skip-existing --fov 60',
        'd.mp4 --out out/00002 --skip-existing --fov 60',
    ]


def test_a_task_without_videos_is_done(listed):
    ended = script(listed, 'out', SLURM_ARRAY_TASK_ID='5', SLURM_ARRAY_TASK_COUNT='6')
    assert ended.returncode == 0 and 'no videos' in ended.stdout


def test_without_slurm_all_tasks_run_here_and_the_worst_status_counts(listed):
    ended = script(listed, 'out', WORKERS='2')
    assert ended.returncode == 0
    assert sorted(line.split(' --')[0] for line in ended.stdout.splitlines()) == ['a b.mp4 d.mp4', 'c.mp4 e.mp4']
    assert script(listed, 'out', WORKERS='2', command='false').returncode == 1
    assert script(listed).returncode == 2


def test_two_workers_find_the_people_of_three_videos_once(tmp_path):
    scenes.write_model(tmp_path, scenes.tiny_config('BottomUpDepthEstimator'))
    videos = [tmp_path / f'clip{number}.mp4' for number in range(3)]
    for number, video in enumerate(videos):
        scenes.write_video(video, 2 + number)
    (tmp_path / 'list.txt').write_text('\n'.join(map(str, videos)))
    given = [
        tmp_path / 'list.txt',
        tmp_path / 'out',
        '--model',
        tmp_path / 'tiny.py',
        '--weights',
        tmp_path / 'tiny.pth',
    ]
    given += ['--device', 'cpu', '--fov', '60', '--export', 'json']
    command = f'{sys.executable} {CHECKOUT / "tools" / "infer.py"}'
    ended = script(*given, WORKERS='2', command=command)
    assert ended.returncode == 0, ended.stderr
    found = {file.relative_to(tmp_path / 'out').as_posix(): file for file in (tmp_path / 'out').rglob('*.json')}
    assert sorted(found) == ['00000/clip0.json', '00000/clip2.json', '00001/clip1.json']
    assert [read_clip(found[name]).num_frames for name in sorted(found)] == [2, 4, 3]
