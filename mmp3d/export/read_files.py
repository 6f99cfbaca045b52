"""Files that a command reads, so that it does not write over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

Identity = tuple[int, int]


class ReadFiles:
    """Tells whether a file that is to be written is one that is read, under whatever name.

    Args:
        files: By what they are ('input'), files, or folders with the files in them. What is not there does not count.
    """

    def __init__(self, files: Mapping[str, Iterable[str | Path]]) -> None:
        self._kinds: dict[Identity, str] = {}
        for kind, given in files.items():
            for path in map(Path, given):
                for file in path.iterdir() if path.is_dir() else [path]:
                    self._kinds.setdefault(_identity(file), kind)
        self._kinds.pop(None, None)

    def refuse(self, written: Iterable[Path], remedy: str) -> None:
        """Raise ValueError, with the remedy, that names the first of the files to be written that is read."""
        for file in written:
            kind = self._kinds.get(_identity(file))
            if kind is not None:
                raise ValueError(f'{file} is the {kind} itself; {remedy}')


def _identity(path: Path) -> Identity | None:
    """Equal for all names of one file: links, and other cases of letters where the file system does not tell them."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
