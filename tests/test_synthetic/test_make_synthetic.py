"""The command tools/make_synthetic.py, run as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mmpose.datasets  # noqa: F401, registers the transforms that the config names
from mmengine.config import Config
from mmpose.registry import DATASETS

import mmp3d

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


def test_the_mixed_config_reads_the_folders_that_it_names(tmp_path: Path, monkeypatch) -> None:
    """The commands of docs/synthetic.md are all that bu_hrnet_w32_muco.py needs."""
    for name, layout in (('MuCo', 'muco'), ('coco', 'coco')):
        options = ('--format', layout, '--images', '4', '--size', '160', '120', '--people', '2', '4')
        result = _run(*options, '--out', str(tmp_path / 'data' / name))
        assert result.returncode == 0, result.stderr
    monkeypatch.chdir(tmp_path)
    mmp3d.register_all_modules()
    config = Config.fromfile(str(ROOT / 'configs' / 'bu_hrnet_w32_muco.py'))
    dataset = DATASETS.build(config.train_dataloader.dataset)
    assert len(dataset) == 4 + 3  # one of COCO's is for validation
    shapes = {tuple(dataset[index]['inputs'].shape[1:]) for index in (0, 6)}
    assert shapes == {config.input_size}
