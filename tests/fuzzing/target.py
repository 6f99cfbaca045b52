"""One file that is mutated, and how it is read."""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fuzzing.mutations import JUNK, mutated, mutated_bytes, put_in_place, remove

DOCUMENTED = (ValueError, FileNotFoundError)


class Target:
    """One file that is to be mutated.

    Args:
        folder: Where it is written to, with whatever belongs to it.
        write: Writes it there.
        file: The file, relative to ``folder``.
        read: Reads ``folder``; raises AssertionError where it is given something that is not whole.
        content: What the file holds, to mutate by structure; None for files that are mutated as bytes alone.
        encode: Content to bytes.
        junk: What takes the place of a part of the content.
    """

    def __init__(
        self, folder: Path, write: Callable[[Path], Any], file: str, read: Callable[[str], Any], *, content: Any = None,
        encode: Callable[[Any], bytes] = lambda content: json.dumps(content).encode(),
        junk: tuple = JUNK,
    ) -> None:  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)
        write(folder)
        self.folder, self.path, self.read = folder, folder / file, read
        self.valid, self.content, self.encode, self.junk = self.path.read_bytes(), content, encode, junk

    def mutate(self, seed: int) -> None:
        """Put mutated input number ``seed`` under the file's name."""
        generator = random.Random(seed)
        if generator.random() < 0.03:
            put_in_place(self.path, generator)
            return
        remove(self.path)
        self.path.write_bytes(self._data(generator))

    def run(self, seed: int) -> bool:
        """Read one mutated input; True if it was taken, False if there was a documented error. Others are raised."""
        self.mutate(seed)
        return self._taken()

    def run_bytes(self, data: bytes) -> bool:
        """The same with an input of somebody else."""
        self.path.write_bytes(data)
        return self._taken()

    def _taken(self) -> bool:
        try:
            self.read(str(self.folder))
        except DOCUMENTED as error:
            assert str(error) and '\n' not in str(error), f'an error that is no line: {error!r}'
            return False
        return True

    def _data(self, generator: random.Random) -> bytes:
        if self.content is None or generator.random() >= 0.6:
            data = self.valid
            for _ in range(generator.choice((1, 1, 2, 8))):
                data = mutated_bytes(data, generator)
            return data
        content = copy.deepcopy(self.content)
        for _ in range(generator.choice((1, 1, 2, 5))):
            content = mutated(content, generator, self.junk)
        return self.encode(content)


def file_target(folder: Path, file: str, valid: bytes, read: Callable[[Path], Any], **options: Any) -> Target:
    """A target of one file alone, read by its path."""

    def write(root: Path) -> None:
        root.mkdir(parents=True)
        (root / file).write_bytes(valid)

    return Target(folder, write, file, lambda root: read(Path(root) / file), **options)
