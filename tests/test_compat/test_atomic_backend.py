"""An interrupted save leaves the earlier file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mmengine.fileio import get_file_backend

import mmp3d.compat.atomic_backend  # noqa: F401  registers the backend


def test_file_is_replaced_or_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = get_file_backend(backend_args={'backend': 'atomic'})
    target = tmp_path / 'run' / 'epoch_1.pth'
    backend.put(b'first', target)
    backend.put(b'second', str(target))
    assert target.read_bytes() == b'second'

    def interrupted(source: Path, destination: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'replace', interrupted)
    with pytest.raises(KeyboardInterrupt):
        backend.put(b'third', target)
    assert target.read_bytes() == b'second'
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize('durable', [False, True])
def test_a_durable_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    backend, forced = get_file_backend(backend_args={'backend': 'atomic', 'durable': durable}), []
    target = tmp_path / 'epoch_1.pth'
    monkeypatch.setattr(os, 'fsync', lambda number: forced.append((os.fstat(number).st_size, target.exists())))
    backend.put(b'weights', target)
    assert forced == [(7, False)] * durable and target.read_bytes() == b'weights'


def test_a_folder_that_another_process_removes_while_it_is_empty_is_made_again(tmp_path, monkeypatch):
    target, make, removals = tmp_path / 'work' / 'clip' / 'poses.npz', os.mkdir, [tmp_path / 'work'] * 2
    removals[0].mkdir()

    def late(path, *arguments):
        # The other process comes between the look at a folder and the making of one in it.
        if removals and Path(path) == target.parent:
            removals.pop().rmdir()
        make(path, *arguments)

    monkeypatch.setattr(os, 'mkdir', late)
    get_file_backend(backend_args={'backend': 'atomic'}).put(b'poses', target)
    assert target.read_bytes() == b'poses' and not removals


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path, monkeypatch):
    def refused(path, *_):
        raise FileNotFoundError(path)

    monkeypatch.setattr(os, 'mkdir', refused)
    with pytest.raises(FileNotFoundError, match='clip'):
        get_file_backend(backend_args={'backend': 'atomic'}).put(b'poses', tmp_path / 'clip' / 'poses.npz')
