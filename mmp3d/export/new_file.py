"""Writing a file whole or not at all, and never over another one unless that is asked for."""

from __future__ import annotations

from pathlib import Path

from mmp3d.compat.atomic_backend import AtomicLocalBackend


def refuse_existing(paths: list[Path], overwrite: bool) -> None:
    """Raise ValueError that names the first of the files that exists, unless ``overwrite``."""
    existing = [path for path in paths if path.exists()]
    if existing and not overwrite:
        raise ValueError(f'{existing[0]} exists; give --overwrite (overwrite=True) to replace it, or another name')


def write_new(path: Path, content: bytes, overwrite: bool) -> None:
    """Write a file in one step; makes its folder."""
    refuse_existing([path], overwrite)
    AtomicLocalBackend().put(content, path)
