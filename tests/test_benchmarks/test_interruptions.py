"""What the benchmark of interruptions kills and compares, and the logs of resumed runs."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from tests.test_benchmarks.loaded import FOLDER, load_benchmark

results = load_benchmark('same_results')
facts = load_benchmark('process_facts')
interruptions = load_benchmark('interruptions')
ForkedTool = load_benchmark('forked_tool').ForkedTool


def write_log(folder, start, lines):
    file = folder / start / 'vis_data' / 'scalars.json'
    file.parent.mkdir(parents=True)
    file.write_text(''.join(json.dumps(line) + '\n' for line in lines))


def step(number, loss):
    return dict(iter=number, step=number, loss=loss, time=0.1)


def test_what_was_computed_again_counts_once(tmp_path):
    write_log(tmp_path, '1', [step(1, 3.0), step(2, 2.0), dict(PCK=10.0, step=1), step(3, 1.0), step(4, 0.5)])
    write_log(tmp_path, '2', [step(3, 1.5), dict(PCK=20.0, step=2)])
    write_log(tmp_path, '3', [])
    lines = results.logged(tmp_path)
    assert [(line['step'], line['loss']) for line in lines if 'loss' in line] == [(1, 3.0), (2, 2.0), (3, 1.5)]
    assert [line['PCK'] for line in lines if 'PCK' in line] == [10.0, 20.0]


def test_a_change_of_a_curve_or_a_weight_is_seen(tmp_path):
    for name in ('whole', 'parts'):
        write_log(tmp_path / name, '1', [step(1, 3.0), step(2, 2.0)])
        torch.save({'state_dict': {'a': torch.ones(2)}, 'optimizer': {'lr': 0.1}}, tmp_path / name / 'epoch_1.pth')
    whole, parts = tmp_path / 'whole', tmp_path / 'parts'
    assert '6 logged numbers, greatest difference 0; 1 checkpoints' in results.same_training(whole, parts)
    write_log(parts, '2', [step(2, 2.1)])
    with pytest.raises(ValueError, match='curves differ by up to 0.1'):
        results.same_training(whole, parts)
    write_log(parts, '3', [step(2, 2.0)])
    torch.save({'state_dict': {'a': torch.tensor([1, 1.0000001])}, 'optimizer': {'lr': 0.1}}, parts / 'epoch_1.pth')
    with pytest.raises(ValueError, match='epoch_1.pth: another state_dict'):
        results.same_training(whole, parts)


def test_other_files_are_named(tmp_path):
    for name in ('whole', 'parts'):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'a.json').write_text('1')
    (tmp_path / 'parts' / '.a.json.1.part').touch()
    assert (
        results.same_files(tmp_path / 'whole', tmp_path / 'parts') == '1 files, the same bytes; 1 hidden ones are left'
    )
    (tmp_path / 'parts' / 'b.json').write_text('2')
    with pytest.raises(ValueError, match='b.json'):
        results.same_files(tmp_path / 'whole', tmp_path / 'parts')


def test_a_tool_is_killed_with_half_a_file_written(tmp_path):
    tool = tmp_path / 'tool.py'
    tool.write_text(
        'import sys\nfrom mmp3d.compat.atomic_backend import AtomicLocalBackend\n'
        'for number in range(3):\n    AtomicLocalBackend().put(b"12345678", f"{sys.argv[1]}/{number}")\n'
    )
    command = [sys.executable, str(FOLDER / 'killed_in_writing.py'), '2', str(tool), str(tmp_path)]
    assert subprocess.run(command, cwd=FOLDER.parent).returncode == -signal.SIGKILL
    assert (tmp_path / '0').read_bytes() == b'12345678' and not (tmp_path / '1').exists()
    (part,) = tmp_path.glob('.1.*.part')
    assert part.read_bytes() == b'1234'


class ShortLife:
    """A life that writes one file more of three, or all where nothing ends it."""

    def __init__(self, task, folder, log, writes=None):
        self.folder, self.killed, self.lasted = folder, '', 1.0
        folder.mkdir(exist_ok=True)

    def end(self, moment, chance):
        there = len(list(self.folder.iterdir()))
        for number in range(there, 3 if moment is None else there + 1):
            (self.folder / str(number)).write_text(str(number))
        self.killed = '' if moment is None else interruptions.ONE
        return 0 if moment is None else -signal.SIGKILL


def test_a_tool_is_killed_until_it_comes_to_its_end(tmp_path, monkeypatch):
    tool = tmp_path / 'tool.py'
    tool.write_text(
        'import sys\nfrom pathlib import Path\nfolder = Path(sys.argv[1])\nfolder.mkdir()\n'
        'for number in range(3):\n    (folder / str(number)).write_text(str(number))\n'
    )
    monkeypatch.setattr(interruptions, 'Life', ShortLife)
    task = interruptions.Task(lambda out: [str(tool), str(out)], results.same_files, by_backend=False)
    said = interruptions.run(task, tmp_path / 'runs', 2, random.Random(0))
    assert said == '2 kills (2 the process), 1 runs brought to their end: 3 files, the same bytes'


def test_a_forked_tool_is_killed(tmp_path):
    tool = tmp_path / 'tool.py'
    tool.write_text('import signal, sys\nopen(sys.argv[1], "w").write("begun")\nsignal.pause()\n')
    os.mkfifo(tmp_path / 'pipe')
    process = ForkedTool([str(tool), str(tmp_path / 'pipe')], tmp_path / 'log.txt')
    assert (tmp_path / 'pipe').read_text() == 'begun' and process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == process.poll() == -signal.SIGKILL


def test_a_forked_tool_says_and_ends_as_a_process_of_its_own(tmp_path):
    tool = tmp_path / 'tool.py'
    tool.write_text('import sys\nprint(__name__, sys.argv[1:])\nsys.exit(3)\n')
    assert ForkedTool([str(tool), 'a'], tmp_path / 'log.txt').wait() == 3
    assert (tmp_path / 'log.txt').read_text() == "__main__ ['a']\n"


def test_a_tool_that_fails_is_no_tool_that_was_killed(tmp_path):
    tool = tmp_path / 'tool.py'
    tool.write_text('import sys\nsys.exit(3 if sys.argv[1].endswith("again") else 0)\n')
    task = interruptions.Task(lambda out: [str(tool), str(out)], results.same_files)
    with pytest.raises(ValueError, match=r'a whole run failed, see .*log\.txt'):
        interruptions.run(task, tmp_path / 'runs', 0, random.Random(0))


@pytest.mark.parametrize('what, killed', [('LAUNCHER', [10]), ('WORKER', [12]), ('WORKERS', [11, 12])])
def test_of_several_processes_some_are_killed(monkeypatch, what, killed):
    sent = []
    monkeypatch.setattr(interruptions, 'children', lambda process: [11, 12])
    monkeypatch.setattr(interruptions.os, 'kill', lambda process, number: sent.append(process))
    life = interruptions.Life.__new__(interruptions.Life)
    life.process, life.several = SimpleNamespace(pid=10), True
    answers = iter((12, getattr(interruptions, what)))
    life._kill(SimpleNamespace(choice=lambda each: next(answers)))
    assert sent == killed


def test_processes_that_were_started_are_known():
    started = [subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE) for _ in range(2)]
    assert [process.pid for process in started] == [
        number for number in facts.children(os.getpid()) if number in {process.pid for process in started}
    ]
    before = facts.ended_seconds()
    for process in started:
        process.communicate(b'\n')
    assert facts.ended_seconds() > before and facts.processor_seconds(started[0].pid) == 0
