"""Which motion files are for training and which for validation: by whole files, by their names alone."""

from __future__ import annotations

import zlib
from pathlib import Path

from mmp3d.synthetic.motion_library import find_recordings

SPLITS = ('train', 'val')


def split_of(name: str, val_fraction: float) -> str:
    """The part that a file of this name (without its folder) belongs to; the same on every machine, for ever."""
    return 'val' if zlib.crc32(name.encode()) < val_fraction * 2**32 else 'train'


def files_of_split(folder: Path, split: str | None, val_fraction: float) -> list[Path]:
    """Motion files below a folder that belong to one part; None: all.

    Raises:
        FileNotFoundError: The folder is not there or holds no motion.
        ValueError: No file belongs to that part, or ``val_fraction`` is not between 0 and 1.
    """
    if not 0 < val_fraction < 1:
        raise ValueError(f'val_fraction: expected a number between 0 and 1, got {val_fraction!r}')
    files = find_recordings(folder)
    chosen = [file for file in files if split in (None, split_of(file.name, val_fraction))]
    if not chosen:
        raise ValueError(
            f'{folder}: none of its {len(files)} motion files belongs to the split {split!r} with '
            f'val_fraction={val_fraction}; choose another val_fraction, add files, or set motion_split=None'
        )
    return chosen
