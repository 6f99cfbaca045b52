"""The work folder of a clip's run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from mmp3d.apis.clip_run import ClipRun


@pytest.fixture
def run(tmp_path: Path) -> ClipRun:
    """One of clip ``a``, whose folder is there."""
    (tmp_path / 'work' / 'a').mkdir(parents=True)
    return ClipRun(SimpleNamespace(uses=dict(bottom_up=True)), None, 'a', tmp_path / 'work')


def test_the_work_folder_goes_with_its_last_clip(run: ClipRun, tmp_path: Path) -> None:
    (tmp_path / 'work' / 'b').mkdir()
    run.remove_work()
    assert [path.name for path in (tmp_path / 'work').iterdir()] == ['b']
    (tmp_path / 'work' / 'b').rmdir()
    run.remove_work()
    assert not (tmp_path / 'work').exists()


def test_other_files_in_the_work_folder_stay(run: ClipRun, tmp_path: Path) -> None:
    folder = tmp_path / 'work' / 'a'
    for name in ('image.png', 'people-holiday.npz', 'people-000000.npz', 'tracks.npz', '.people-000032.npz.77.part'):
        (folder / name).touch()
    run.remove_work()
    assert {path.name for path in folder.iterdir()} == {'image.png', 'people-holiday.npz'}


def test_a_process_that_shares_the_work_folder_may_be_faster(
    run: ClipRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rmdir = Path.rmdir

    def other_was_faster(self: Path) -> None:
        rmdir(self)
        rmdir(self)

    monkeypatch.setattr(Path, 'rmdir', other_was_faster)
    run.remove_work()
    assert not (tmp_path / 'work').exists()
