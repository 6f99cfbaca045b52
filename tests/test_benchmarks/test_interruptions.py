"""What the benchmark of interruptions compares, and the logs of resumed runs."""

from __future__ import annotations

import importlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

FOLDER = Path(__file__).resolve().parents[2] / 'benchmarks'


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module('interruptions')


def write_log(folder, start, lines):
    file = folder / start / 'vis_data' / 'scalars.json'
    file.parent.mkdir(parents=True)
    file.write_text(''.join(json.dumps(line) + '\n' for line in lines))


def step(number, loss):
    return dict(iter=number, step=number, loss=loss, time=0.1)


def test_what_was_computed_again_counts_once(benchmark, tmp_path):
    write_log(tmp_path, '1', [step(1, 3.0), step(2, 2.0), dict(PCK=10.0, step=1), step(3, 1.0), step(4, 0.5)])
    write_log(tmp_path, '2', [step(3, 1.5), dict(PCK=20.0, step=2)])
    write_log(tmp_path, '3', [])
    lines = benchmark.logged(tmp_path)
    assert [(line['step'], line['loss']) for line in lines if 'loss' in line] == [(1, 3.0), (2, 2.0), (3, 1.5)]
    assert [line['PCK'] for line in lines if 'PCK' in line] == [10.0, 20.0]


def test_a_change_of_a_curve_or_a_weight_is_seen(benchmark, tmp_path):
    for name in ('whole', 'parts'):
        write_log(tmp_path / name, '1', [step(1, 3.0), step(2, 2.0)])
        torch.save({'state_dict': {'a': torch.ones(2)}, 'optimizer': {'lr': 0.1}}, tmp_path / name / 'epoch_1.pth')
    whole, parts = tmp_path / 'whole', tmp_path / 'parts'
    assert '6 logged numbers, greatest difference 0; 1 checkpoints' in benchmark.same_training(whole, parts)
    write_log(parts, '2', [step(2, 2.1)])
    with pytest.raises(ValueError, match='curves differ by up to 0.1'):
        benchmark.same_training(whole, parts)
    write_log(parts, '3', [step(2, 2.0)])
    torch.save({'state_dict': {'a': torch.tensor([1, 1.0000001])}, 'optimizer': {'lr': 0.1}}, parts / 'epoch_1.pth')
    with pytest.raises(ValueError, match='epoch_1.pth: another state_dict'):
        benchmark.same_training(whole, parts)


def test_other_files_are_named(benchmark, tmp_path):
    for name in ('whole', 'parts'):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'a.json').write_text('1')
    (tmp_path / 'parts' / '.a.json.1.part').touch()
    assert (
        benchmark.same_files(tmp_path / 'whole', tmp_path / 'parts')
        == '1 files, the same bytes; 1 hidden ones are left'
    )
    (tmp_path / 'parts' / 'b.json').write_text('2')
    with pytest.raises(ValueError, match='b.json'):
        benchmark.same_files(tmp_path / 'whole', tmp_path / 'parts')


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
