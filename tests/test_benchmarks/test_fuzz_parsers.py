"""What the fuzzer does with processes that hang or end, and with the inputs that led there."""

from __future__ import annotations

import argparse
import json
import queue
import subprocess
import sys

import pytest

from tests.fuzzing.target import file_target
from tests.test_benchmarks.loaded import load_benchmark

fuzz = load_benchmark('fuzz_parsers')
ONE_INPUT = 'import json; print(json.dumps(dict(name="a b", seed=7, path={path!r})), flush=True); '
ENDS = {
    'whole': ('print(json.dumps(dict(done=3, taken=1, settled=5, memory=6)))', None, []),
    'error': ('print(json.dumps(dict(error="KeyError: x")))', None, ['a b, input 7: KeyError: x']),
    'crash': ('import os; os.abort()', 7, ['a b, input 7: the process ended with status -6 (kept: {kept})']),
    'hang': ('input()', 7, ['a b, input 7: no end after 0.5 s (kept: {kept})']),
}


@pytest.mark.parametrize('end', ENDS)
def test_ends_of_a_process(tmp_path, monkeypatch, end):
    code, broken_at, problems = ENDS[end]
    path = tmp_path / 'input.json'
    path.write_text('content')
    code = ONE_INPUT.format(path=str(path)) + code
    start = subprocess.Popen

    def started(command, **options):
        return start([sys.executable, '-c', code], stdin=subprocess.PIPE, **options)

    monkeypatch.setattr(fuzz.subprocess, 'Popen', started)
    monkeypatch.setattr(fuzz, 'WAITS', 2)
    args = argparse.Namespace(found=tmp_path / 'found', patience=0.5, first=0)
    watched = fuzz.Watched('kind', args)
    assert watched._process(tmp_path, 0, None, 1) == broken_at
    kept = tmp_path / 'found' / 'kind-a_b-7.json'
    assert watched.problems == [problem.format(kept=kept) for problem in problems]
    assert kept.is_file() == (broken_at is not None)
    assert watched.totals['done'] == (3 if end == 'whole' else 0)


def test_a_process_that_waits_for_its_turn_is_not_a_hang(monkeypatch):
    lines = queue.Queue()
    monkeypatch.setattr(fuzz, 'processor_seconds', lambda process: lines.put('late') or 0.0)
    assert fuzz.Watched._next(argparse.Namespace(pid=0), lines, 0.01) == 'late'


def test_inputs_are_read_and_what_goes_wrong_is_kept(tmp_path, monkeypatch, capsys):
    def read(path):
        content = path.read_bytes()
        if len(content) % 3 == 0:
            raise KeyError('three')
        if len(content) % 3 == 1:
            raise ValueError('one')

    monkeypatch.setattr(fuzz.resource, 'setrlimit', lambda *limits: None)
    monkeypatch.setattr(
        fuzz, 'targets_of', lambda kind, folder: {'a file': file_target(folder, 'a.bin', bytes(9), read)}
    )
    fuzz.read_inputs('kind', tmp_path / 'files', 0, 40, 60, tmp_path / 'found')
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    errors = [line['error'] for line in said if 'error' in line]
    assert said[-1]['done'] == 40 and 0 < said[-1]['taken'] < 40 - len(errors) and errors
    assert len(list((tmp_path / 'found').iterdir())) == sum('None' not in error for error in errors)
