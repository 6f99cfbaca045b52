"""Which files of a clip are not whole, so that the same command may replace them and a later one does not skip them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.datasets.raw_file import file_stamp
from mmp3d.export.formats import earlier_files, written_ends
from mmp3d.pipeline.stage_memory import digest
from mmp3d.side_names import side_name


class HalfWritten:
    """A note beside the files of a clip: while they are being written, after a kill, and until they are all whole.

    Args:
        folder: Of the files.
        name: Of the clip.
        given: The clip's input, a file or the images; :meth:`is_left` does not count a note of another input, or of one
            that was changed since.
    """

    def __init__(self, folder: Path, name: str, given: Sequence[str | Path]) -> None:
        self.note = folder / f'.{side_name(name)}.writing'
        # Of a folder its images, not the folder itself: that changes when this note is written into it.
        self._stamp = digest(*map(file_stamp, given))

    def is_left(self, target: Path, any_input: bool = False) -> bool:
        """Whether a run on the same input, or with ``any_input`` on any, did not finish this file."""
        noted = self._noted()
        if any_input:
            # A note that cannot be read stands for all files.
            return target.name in noted or (not noted and self.note.exists())
        return noted.get(target.name) == self._stamp

    def is_finished(self, target: Path) -> bool:
        """Whether this file is there and whole, of whatever input; also one of nobody that has no file."""
        return not self.is_left(target, any_input=True) and (bool(earlier_files(target)) or _nobody(target).exists())

    def begin(self, targets: Iterable[Path]) -> None:
        """Leave the note, and remove what an earlier run had written of a file without finishing it."""
        targets = list(targets)
        self._write(self._noted() | {target.name: self._stamp for target in targets})
        for target in targets:
            _nobody(target).unlink(missing_ok=True)
            for file in target.parent.glob('.*.part'):
                if _is_part(file.name, target):
                    file.unlink(missing_ok=True)

    def end(self, targets: Iterable[Path]) -> None:
        """Take whole files out of the note; where nobody was found, formats with a file a person leave an empty one."""
        targets = list(targets)
        for target in targets:
            if not earlier_files(target):
                _nobody(target).touch()
        names = {target.name for target in targets}
        self._write({name: stamp for name, stamp in self._noted().items() if name not in names})

    def _noted(self) -> dict[str, str]:
        """By file name, the stamp of the input that it was made of."""
        try:
            noted = json.loads(self.note.read_text(encoding='utf-8'))
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}

    def _write(self, noted: dict[str, str]) -> None:
        if noted:
            AtomicLocalBackend().put(json.dumps(noted).encode(), self.note)
        else:
            self.note.unlink(missing_ok=True)


def _is_part(name: str, target: Path) -> bool:
    """Whether a file of this name is what a process left that was killed while it wrote one of the target's files."""
    found = re.fullmatch(rf'\.(.*({written_ends(target)}))\.[^.]+\.part', name, re.DOTALL)
    return found is not None and found[1] == side_name(target.stem + found[2])


def _nobody(target: Path) -> Path:
    """The file that says that a format with a file a person has none."""
    return target.with_name(f'.{side_name(target.name)}.nobody')
