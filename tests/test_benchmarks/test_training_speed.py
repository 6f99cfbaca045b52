"""The training benchmark on a few pictures: its lines, and that memory does not grow from batch to batch."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from mmp3d.synthetic.recipe import Recipe

FILE = Path(__file__).resolve().parents[2] / 'benchmarks' / 'training_speed.py'
SPEC = importlib.util.spec_from_file_location('training_speed', FILE)
training_speed = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = training_speed
SPEC.loader.exec_module(training_speed)

CONFIG = 'td_tiny_coco'


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """The words of the lines that the benchmark prints about a config, without its name."""
    monkeypatch.setattr(training_speed, 'DATA', {'coco': Recipe('coco', 4, people=(1, 2), size=(96, 72), seed=1)})

    def words(*arguments: str) -> list[list[str]]:
        training_speed.main([CONFIG, '--data', str(tmp_path), '--workers', '1', '--batch-size', '2', *arguments])
        lines = (line.split() for line in capsys.readouterr().out.splitlines())
        return [line[1:] for line in lines if line[:1] == [CONFIG]]

    return words


def test_training_and_the_bare_network_take_turns(run):
    (line,) = run('--blocks', '2', '--iterations', '2')
    bare, step, training, to_bare, to_step, *milliseconds = (float(word) for word in line)
    assert min(bare, step, training, *milliseconds) > 0 and len(milliseconds) == 4
    assert 0 < to_bare < 3 and 0 < to_step < 3


@pytest.mark.skipif(not Path('/proc/self/smaps_rollup').exists(), reason='the system does not tell')
def test_memory_does_not_grow_with_the_iterations(run):
    lines = run('--memory', '--iterations', '100')
    assert [' '.join(line[:-6]) for line in lines] == ['training', 'worker 0']
    for line in lines:
        resident, then, growth, *_ = (float(word) for word in line[-6:])
        # A batch is 0.4 MB: kept ones would be 36 MB.
        assert then - resident == pytest.approx(growth, abs=0.2) and growth < 18
