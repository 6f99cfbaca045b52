"""The command tools/make_synthetic.py, run as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MUCO = ('--format', 'muco', '--images', '3', '--size', '96', '64', '--seed', '4')


def _run(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / 'tools' / 'make_synthetic.py'), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_writes_shows_progress_and_refuses_foreign_folders(tmp_path: Path) -> None:
    folder = tmp_path / 'data'
    result = _run(*MUCO, '--out', str(folder), '--prefix', 'a_')
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == str(folder / 'MuCo-3DHP.json')
    assert '3/3 pictures' in result.stderr
    assert sorted(path.name for path in folder.rglob('*.jpg')) == ['a_000001.jpg', 'a_000002.jpg', 'a_000003.jpg']
    refused = _run(*MUCO, '--out', str(folder))
    assert refused.returncode == 2
    assert 'another data set' in refused.stderr
    assert 'Traceback' not in refused.stderr


def test_workers_do_not_change_the_data(tmp_path: Path) -> None:
    options = ('--format', 'mupots', '--sequences', '2', '--frames', '2', '--size', '96', '64')
    for workers in ('1', '2'):
        result = _run(*options, '--workers', workers, '--out', str(tmp_path / workers))
        assert result.returncode == 0, result.stderr
    alone, together = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob('*.jpg')}
        for name in ('1', '2')
    )
    assert len(alone) == 4
    assert alone == together
