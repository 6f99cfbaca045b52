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
