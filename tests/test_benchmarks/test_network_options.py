"""The benchmark of the networks' forms on the small network."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from mmp3d import register_all_modules

FILE = Path(__file__).resolve().parents[2] / 'benchmarks' / 'network_options.py'
SPEC = importlib.util.spec_from_file_location('network_options', FILE)
benchmark = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(benchmark)


def test_a_line_has_the_form_its_ratio_and_its_differences():
    register_all_modules()
    plain, other = benchmark.compare_times('tiny', ['channels last'], repeats=1, threads=1)
    assert plain.split()[:2] == ['tiny', 'plain'] and ' 1.00 ' in plain
    assert 'channels last' in other and max(map(float, other.split()[-4:])) < 1e-4


def test_sides_take_turns_after_one_that_does_not_count():
    turns = []
    sides = {name: lambda name=name: turns.append(name) or [np.zeros(1)] for name in 'ab'}
    times, results = benchmark.timed(sides, repeats=2)
    assert ''.join(turns) == 'ababab' and [len(own) for own in times.values()] == [2, 2] and set(results) == {'a', 'b'}


def test_accuracy_needs_data(monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['network_options.py', 'accuracy'])
    with pytest.raises(SystemExit):
        benchmark.main()
    assert 'accuracy needs --data DIR' in capsys.readouterr().err
