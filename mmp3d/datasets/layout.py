"""Find a data set's files, or say where they should be."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import numpy as np

from mmp3d.datasets.image_file import image_size, read_image

PROBED_IMAGES = 16


def require(path: str | Path, data_root: str | Path, remedy: str) -> Path:
    """The path if it exists.

    Args:
        path: File or folder that the data set needs.
        data_root: The root that the user gave.
        remedy: How to get the data.

    Raises:
        FileNotFoundError: It does not exist; the message names it, a folder that looks like the right root if there
            is one nearby, and the remedy.
    """
    path = Path(path)
    if path.exists():
        return path
    if not Path(data_root or '.').is_dir():
        raise FileNotFoundError(f'data_root {str(data_root)!r} is not an existing folder. {remedy}')
    found = _nearby(path, Path(data_root or '.'))
    hint = f' Found it with data_root={str(found)!r}: pass that.' if found else ''
    raise FileNotFoundError(f'{path} does not exist (data_root is {str(data_root)!r}).{hint} {remedy}')


def require_images(folder: str, name: Callable[[int], str], count: int, source: str | Path, remedy: str) -> None:
    """Check a few of the images that an annotation file names.

    Args:
        folder: Image folder.
        name: Gives an image's relative file name by its row.
        count: Number of images, at least one.
        source: The annotation file, for the message.
        remedy: How to get the data.

    Raises:
        FileNotFoundError: None of those looked at exists. Single missing ones are dealt with when they are read.
        ValueError: None of those that exist can be read, such as pointers of Git LFS; names the first.
    """
    picked = np.unique(np.linspace(0, count - 1, PROBED_IMAGES).astype(int))
    paths = [os.path.join(folder, name(row)) for row in picked]
    present = [path for path in paths if os.path.isfile(path)]
    if not present:
        found = _nearby(Path(paths[0]), Path(folder))
        hint = f' Found them below {str(found)!r}.' if found else ''
        raise FileNotFoundError(
            f'{source} names images that do not exist, for example {paths[0]}; set data_root and data_prefix so that '
            f'the images are found.{hint} {remedy}'
        )
    if all(image_size(path) is None for path in present):
        read_image(present[0])


def _nearby(path: Path, root: Path) -> Path | None:
    """Folder from which the path relative to ``root`` exists: one or two levels below or above ``root``."""
    try:
        relative = path.relative_to(root)
    except ValueError:
        return None
    resolved = root.resolve()
    below = _folders(resolved)
    farther = (folder for child in below for folder in _folders(child))
    for candidate in chain(below, (resolved.parent, resolved.parent.parent), farther):
        if (candidate / relative).exists():
            return candidate
    return None


def _folders(root: Path) -> list[Path]:
    try:
        with os.scandir(root) as children:
            return sorted(Path(child.path) for child in children if child.is_dir())
    except OSError:
        return []
