"""Names of files beside another one: its parts while it is written, and notes about it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

# Bytes of a name that goes into another one, and of each of its ends that are kept.
LONGEST, END = 100, 40


def side_name(name: str) -> str:
    """What stands for a file's name in a longer one, which file systems then take whenever they take the name itself.

    Args:
        name: Without folder.

    Returns:
        The name, or of one with more than 100 bytes both ends and a digest.

    Examples:
        >>> side_name('walk.json')
        'walk.json'
        >>> len(side_name('walk' * 60 + '.json'))
        94
    """
    content = os.fsencode(name)
    if len(content) <= LONGEST:
        return name
    # Whole characters only: some file systems take no others.
    first = next(name[:end] for end in range(END, -1, -1) if len(os.fsencode(name[:end])) <= END)
    last = next(name[-end:] for end in range(END, 0, -1) if len(os.fsencode(name[-end:])) <= END)
    return f'{first}~{hashlib.sha256(content).hexdigest()[:12]}~{last}'


def check_name_fits(path: Path) -> None:
    """Raise ValueError where the file system, if it tells, cannot have this name; its folder may be missing."""
    folder = next((folder for folder in path.absolute().parents if folder.is_dir()), None)
    if folder is None or not hasattr(os, 'pathconf'):
        return
    most, found = os.pathconf(folder, 'PC_NAME_MAX'), len(os.fsencode(path.name))
    if 0 < most < found:
        raise ValueError(
            f'{path}: its name has {found} bytes, and the file system takes {most}; give the input a shorter name'
        )
