"""The benchmark of the semi-supervised terms on a tiny scale: all stages, once each, and its students as lifters."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import torch

from mmp3d.compat.checkpoint import load_checkpoint
from mmp3d.synthetic.motion_split import split_of
from tests.test_synthetic.bvh_text import bvh_text

FILE = Path(__file__).resolve().parents[2] / 'benchmarks' / 'semi_supervised.py'
SPEC = importlib.util.spec_from_file_location('semi_supervised', FILE)
semi_supervised = importlib.util.module_from_spec(SPEC)
sys.path.insert(0, str(FILE.parent))  # the benchmark is built on another one
SPEC.loader.exec_module(semi_supervised)
sys.path.remove(str(FILE.parent))


@pytest.fixture
def tiny(monkeypatch):
    for name, amount in dict(FRAMES=(256, 1), WINDOWS=(256, 1), CLIPS=32).items():
        monkeypatch.setattr(semi_supervised, name, amount)
    monkeypatch.setattr(semi_supervised, 'UNLABELLED_MOTIONS', 8)


@pytest.fixture
def motion(tmp_path):
    """A folder with a motion of each split."""
    names = [f'{number}.bvh' for number in range(99)]
    for split in ('train', 'val'):
        name = next(name for name in names if split_of(name, 0.1) == split)
        (tmp_path / name).write_text(bvh_text([{}] * 40))
    return str(tmp_path)


def test_every_stage_is_run_once(tmp_path, tiny, motion, capsys):
    out = tmp_path / 'out'
    command = ['--motion-folders', motion, '--out', str(out), '--seeds', '3', '--clips', '2', '--rows', 'Rep+dis']
    semi_supervised.main(command)
    printed = capsys.readouterr().out
    assert 'exact 2D: Rep+dis' in printed and f'model.lifter.checkpoint={out / "Rep+dis_3.pth"}' in printed
    teacher, student = (load_checkpoint(out / name)['state_dict'] for name in ('teacher.pth', 'Rep+dis_3.pth'))
    assert teacher.keys() == student.keys()
    # Normalised as the teacher, otherwise trained on.
    for name, value in teacher.items():
        assert torch.equal(value, student[name]) == ('.bn.running' in name or 'num_batches' in name), name
    times = {path: path.stat().st_mtime_ns for path in out.rglob('*.[np][pt][zh]')}
    semi_supervised.main(command)
    assert times == {path: path.stat().st_mtime_ns for path in times}
    assert len(times) >= 6


def test_a_run_of_other_options_is_not_taken_for_this_one(tmp_path):
    base = semi_supervised.LIFTERS
    semi_supervised.written(tmp_path / 'a.py', base, dict(max_epochs=1))
    semi_supervised.written(tmp_path / 'a.py', base, dict(max_epochs=1))
    with pytest.raises(ValueError, match=r'a\.py'):
        semi_supervised.written(tmp_path / 'a.py', base, dict(max_epochs=2))
