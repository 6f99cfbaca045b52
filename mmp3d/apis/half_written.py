"""Which files of a clip a run was killed in the midst of writing, so that the same command may replace them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from glob import escape
from pathlib import Path

from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.datasets.raw_file import file_stamp


class HalfWritten:
    """A note beside the files of a clip, which is there while they are being written, and after a kill.

    Args:
        folder: Of the files.
        name: Of the clip.
        given: The clip's input; a note of another input, or of one that was changed since, does not count.
    """

    def __init__(self, folder: Path, name: str, given: str | Path) -> None:
        self.note = folder / f'.{name}.writing'
        self._stamp = file_stamp(given)

    @property
    def is_left(self) -> bool:
        """Whether a run on the same input was killed while it wrote the files."""
        try:
            return json.loads(self.note.read_text(encoding='utf-8')) == self._stamp
        except (OSError, ValueError):
            return False

    def begin(self, targets: Iterable[Path]) -> None:
        """Leave the note, and remove what an earlier run had written of a file without finishing it."""
        for target in targets:
            for part in target.parent.glob(f'.{escape(target.stem)}*.part'):
                part.unlink(missing_ok=True)
        AtomicLocalBackend().put(json.dumps(self._stamp).encode(), self.note)

    def end(self) -> None:
        """Remove the note."""
        self.note.unlink(missing_ok=True)
