"""Which checkpoint a run goes on from, whatever a kill or a disk has left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmp3d.engine import resuming
from mmp3d.engine.resuming import newest_readable_checkpoint, resumed_runner


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three checkpoints, the last of which is named, and files that are none of a run's."""
    for number in (9, 10, 11):
        write(tmp_path / f'epoch_{number}.pth', number)
    for name in ('best_PCK_epoch_12.pth', 'epoch_13-0a1b2c3d.pth'):
        write(tmp_path / name, 20)
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'epoch_11.pth'))
    return tmp_path


def write(file: Path, time: int) -> None:
    torch.save({'state_dict': {'weight': torch.ones(3)}}, file)
    os.utime(file, ns=(time, time))


def damage(file: Path, how: str) -> None:
    whole = file.read_bytes()
    bit = whole.find(torch.ones(3).numpy().tobytes())
    content = {
        'truncated': whole[: len(whole) // 2],
        'empty': b'',
        'zeros': bytes(len(whole)),
        'pointer': b'version https://git-lfs.github.com/spec/v1\n',
        'a bit': whole[:bit] + bytes([whole[bit] ^ 1]) + whole[bit + 1 :],
    }
    file.write_bytes(content[how])


def test_the_named_one_is_taken(folder: Path) -> None:
    assert newest_readable_checkpoint(folder) == (folder / 'epoch_11.pth', [])


@pytest.mark.parametrize('how', ['truncated', 'empty', 'zeros', 'pointer', 'a bit'])
def test_a_damaged_one_is_passed_over_and_named(folder: Path, how: str) -> None:
    damage(folder / 'epoch_11.pth', how)
    found, problems = newest_readable_checkpoint(folder)
    assert found == folder / 'epoch_10.pth'
    assert len(problems) == 1 and problems[0].startswith(f'{folder}/epoch_11.pth: ')


@pytest.mark.parametrize('content', ['', '\0\0\0', None, 'gone.pth'])
def test_without_the_name_the_one_written_last_is_taken(folder: Path, content: str | None) -> None:
    if content is None:
        (folder / 'last_checkpoint').unlink()
    else:
        (folder / 'last_checkpoint').write_text(content)
    assert newest_readable_checkpoint(folder) == (folder / 'epoch_11.pth', [])


def test_checkpoints_beside_the_named_one_count(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    work = tmp_path_factory.mktemp('work')
    damage(folder / 'epoch_11.pth', 'empty')
    (work / 'last_checkpoint').write_text(str(folder / 'epoch_11.pth'))
    assert newest_readable_checkpoint(work)[0] == folder / 'epoch_10.pth'


def test_none_that_can_be_read_is_an_error_that_names_them(folder: Path) -> None:
    for number in (9, 10, 11):
        damage(folder / f'epoch_{number}.pth', 'truncated')
    with pytest.raises(ValueError, match='none of the 3 checkpoints can be read.*epoch_11.*epoch_10.*epoch_9'):
        newest_readable_checkpoint(folder)


def test_a_run_without_checkpoints_starts_as_its_config_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert newest_readable_checkpoint(tmp_path) == (None, [])
    monkeypatch.setattr(resuming, 'build_runner', lambda cfg: cfg)
    built = resumed_runner(Config(dict(work_dir=str(tmp_path), load_from='pretrained.pth', resume=True)), 'auto')
    assert built.load_from == 'pretrained.pth' and built.resume is False
