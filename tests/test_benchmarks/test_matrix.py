"""The version matrix: a result is kept, a failure names its step, the table shows both."""

import json
import subprocess
import sys

import pytest

from benchmarks import matrix

PASSED = '=========== 642 passed, 2 skipped in 548.37s (0:09:08) ==========='


@pytest.fixture
def commands(monkeypatch):
    """What would be run; every command succeeds, unless a test names a word of one that does not."""
    seen = []

    def run(command, stdout=None, **options):
        seen.append(command)
        out = (
            PASSED if 'pytest' in command else json.dumps({'python': '3.11.7', 'torch': '2.14.1', 'mmcv-lite': '2.1.0'})
        )
        return subprocess.CompletedProcess(command, int(run.fails in command), stdout=out)

    run.fails = None
    monkeypatch.setattr(matrix.subprocess, 'run', run)
    return run, seen


def test_a_cell_is_run_once_and_its_versions_and_tests_are_kept(tmp_path, commands):
    _, seen = commands
    result = matrix.cell_result('default', tmp_path, ['tests/test_compat'])
    calls = len(seen)
    assert matrix.cell_result('default', tmp_path, ['tests/test_compat']) == result
    assert len(seen) == calls
    assert (result['outcome'], result['tests']) == ('installed', '642 passed, 2 skipped')
    assert result['versions']['torch'] == '2.14.1'


def test_a_step_that_fails_is_the_outcome_and_nothing_is_tested(tmp_path, commands):
    run, seen = commands
    run.fails = 'onedl-mmdetection==3.5.1'
    result = matrix.cell_result('forks', tmp_path, ['tests/test_compat'])
    assert result['outcome'] == 'failed: --no-build-isolation onedl-mmengine==0.10.12 onedl-mmdetection==3.5.1'
    assert result['tests'] == ''
    assert not any('pytest' in command for command in seen)


def test_a_cell_s_constraints_and_choices_reach_pip_and_make(tmp_path, commands):
    _, seen = commands
    matrix.cell_result('torch-2.0', tmp_path, [])
    assert (tmp_path / 'torch-2.0.constraints.txt').read_text().endswith('numpy==1.26.4')
    make = next(command for command in seen if str(matrix.ROOT / 'make.py') in command)
    assert make[make.index('--torch') + 1] == 'torch==2.0.1 torchvision==0.15.2'


def test_a_full_mmcv_is_there_before_the_rest(tmp_path, commands):
    _, seen = commands
    matrix.cell_result('full-mmcv', tmp_path, [])
    words = [' '.join(command) for command in seen]
    order = [
        next(i for i, text in enumerate(words) if part in text)
        for part in ('venv', 'torch.txt', 'mmcv==2.1.0', 'make.py')
    ]
    assert order == sorted(order)
    assert seen[0][0] == sys.executable


def test_the_table_has_a_row_a_cell():
    result = {'outcome': 'installed', 'versions': {'torch': '2.4.1', 'six': '1.0'}, 'tests': '3 passed', 'seconds': 90}
    assert matrix.table({'torch-2.4': result}).splitlines()[2:] == [
        '| torch-2.4 | torch 2.4.1 | installed | 3 passed | 90 |'
    ]
