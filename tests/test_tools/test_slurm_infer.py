"""tools/slurm_infer.sh: every video belongs to one task, with Slurm or without."""

from __future__ import annotations

import os
import signal
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


def array(task, least, most, count):
    """What Slurm says to a task of an array."""
    numbers = dict(ID=task, MIN=least, MAX=most, COUNT=count)
    return {f'SLURM_ARRAY_TASK_{name}': str(number) for name, number in numbers.items()}


@pytest.fixture
def listed(tmp_path):
    file = tmp_path / 'list.txt'
    file.write_text('a b.mp4\nc.mp4\n\nd.mp4\ne.mp4')
    return file


def test_tasks_of_an_array_share_the_list(listed):
    said = []
    for task in range(7, 10):
        said.append(script(listed, 'out', '--fov', '60', **array(task, 7, 9, 3)).stdout.strip())
    assert said == [
        'a b.mp4 e.mp4 --out out/00000 --skip-existing --fov 60',
        'c.mp4 --out out/00001 --skip-existing --fov 60',
        'd.mp4 --out out/00002 --skip-existing --fov 60',
    ]


def test_a_task_without_videos_is_done(listed):
    ended = script(listed, 'out', **array(5, 0, 5, 6))
    assert ended.returncode == 0 and 'no videos' in ended.stdout


@pytest.mark.parametrize(('least', 'most', 'count'), [(0, 4, 3), (3, 17, 2)])
def test_an_array_with_gaps_is_refused_because_lines_would_be_lost(listed, least, most, count):
    ended = script(listed, 'out', **array(least, least, most, count))
    assert ended.returncode == 2 and not ended.stdout
    assert f'--array has {count} ids from {least} to {most}' in ended.stderr and 'give TASKS' in ended.stderr


def test_some_tasks_are_given_again_with_the_number_of_all(listed):
    ended = script(listed, 'out', TASKS='4', **array(2, 0, 2, 2))
    assert ended.stdout.strip() == 'd.mp4 --out out/00002 --skip-existing'
    for tasks in ('2', '0', 'many'):
        ended = script(listed, 'out', TASKS=tasks, **array(2, 0, 2, 2))
        assert ended.returncode == 2 and f'TASKS={tasks};' in ended.stderr


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_workers_end_with_the_script(listed, tmp_path, number):
    endless = tmp_path / 'endless.sh'
    endless.write_text('echo started\nexec tail -f /dev/null\n')
    variables = {**os.environ, 'MMP3D': f'bash {endless}', 'WORKERS': '2'}
    # A signal that is ignored here, as in a job in the background, would be ignored there.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        bash = ['bash', str(SCRIPT), str(listed), 'out']
        running = subprocess.Popen(bash, stdout=subprocess.PIPE, text=True, env=variables)
    finally:
        signal.signal(signal.SIGINT, before)
    assert [running.stdout.readline() for _ in range(2)] == ['started\n'] * 2
    running.send_signal(number)
    # Its end is that of the last process that writes into it.
    assert running.communicate(timeout=60)[0] == ''
    assert running.returncode == 128 + number


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
