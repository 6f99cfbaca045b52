"""File backend that replaces a file in one step, so that an interrupted save leaves the earlier checkpoint whole.

Remove when mmengine's own local backend writes that way.
"""

from __future__ import annotations

import os
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from mmp3d.side_names import side_name

# How often a folder is made that others remove.
TRIES = 10


@register_backend('atomic')
class AtomicLocalBackend(LocalBackend):
    """mmengine's local backend with an atomic `put`; for `CheckpointHook(backend_args=dict(backend='atomic'))`.

    Args:
        durable: Also force the file to the disk before it takes its name, so that after a power cut the name means
            either the earlier or the later file, whole. It costs as long as the disk takes.
    """

    def __init__(self, durable: bool = False) -> None:
        self.durable = durable

    def put(self, obj: bytes | memoryview, filepath: str | Path) -> None:
        """Write bytes to a temporary file beside `filepath`, then move it there; makes a missing folder.

        Another process may remove a folder above that is empty while a folder is made in it: it is then made again.
        """
        target = Path(filepath)
        temporary = target.with_name(f'.{side_name(target.name)}.{os.getpid()}.part')
        try:
            self._write(obj, temporary)
            if self.durable:
                _force_to_disk(temporary)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)

    def _write(self, obj: bytes | memoryview, path: Path) -> None:
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                return super().put(obj, path)
            except FileNotFoundError:
                if last:
                    raise


def _force_to_disk(path: Path) -> None:
    # For writing, as some systems force no other file.
    with path.open('r+b') as file:
        os.fsync(file.fileno())
