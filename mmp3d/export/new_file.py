"""Writing a file whole or not at all, and never over another one unless that is asked for."""

from __future__ import annotations

import os
from pathlib import Path

from mmp3d.compat.atomic_backend import AtomicLocalBackend


def refuse_existing(paths: list[Path], overwrite: bool) -> None:
    """Raise ValueError that names the first of the files that exists, unless ``overwrite``; a folder in any case."""
    refuse_folders(paths)
    refuse([path for path in paths if path.exists()], overwrite)


def refuse_folders(paths: list[Path]) -> None:
    """Raise ValueError that names the first of the files in whose place there is a folder."""
    for path in paths:
        if path.is_dir():
            raise ValueError(f'{path} is a folder; rename it, or give another name')


def refuse(existing: list[Path], overwrite: bool) -> None:
    """As :func:`refuse_existing`, of files that somebody has seen; they are not looked for again."""
    if existing and not overwrite:
        raise ValueError(f'{existing[0]} exists; give --overwrite (overwrite=True) to replace it, or another name')


def writable_folder(path: str | Path) -> Path:
    """Make a folder if it is not there; raises ValueError that names it where nothing can be written to it."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f'cannot make the folder {path} ({error.strerror}); give another --out') from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ValueError(f'cannot write to the folder {path}; give another --out')
    return path


def write_new(path: Path, content: bytes, overwrite: bool) -> None:
    """Write a file in one step; makes its folder."""
    refuse_existing([path], overwrite)
    AtomicLocalBackend().put(content, path)
