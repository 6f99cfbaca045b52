"""What the stages found, kept so that a later stage, or a run that was broken off, need not do it again.

A folder a clip, a numpy archive a stage and chunk. A file tells by a key what it was made from; one that was made from
something else is replaced, and so is a damaged one.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.datasets.array_archive import read_arrays
from mmp3d.datasets.report import warn
from mmp3d.pipeline.stage_memory import Arrays, digest
from mmp3d.version import __version__

FORMAT = {'format': 'mmp3d-stage', 'version': 1}
HEADER = 'header'


class StageStore:
    """Keeps stage outputs in a folder: what was computed is read back, number for number.

    Args:
        folder: Made when the first file is written.

    Raises:
        ValueError: ``folder`` is a file.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        # One look: another process that shares the folder may remove it while it is empty.
        if self.folder.is_file():
            raise ValueError(f'{folder}: is a file; give a folder for the outputs of the stages')

    def path(self, name: str) -> Path:
        """The file of an output, see :meth:`StageMemory.get`."""
        clip, _, stage = name.rpartition('/')
        plain = re.sub(r'[^\w.-]', '_', clip).strip('.')[:80]
        # Clips whose names differ in other characters only stay apart.
        return self.folder / (plain if plain == clip else f'{plain}-{digest(clip)[:8]}') / f'{stage}.npz'

    def key(self, *parts: Any) -> str:
        """See :meth:`StageMemory.key`."""
        return digest(*(part() if callable(part) else part for part in parts))

    def get(self, name: str, key: str, compute: Callable[[], Arrays]) -> Arrays:
        """As :meth:`StageMemory.get`; read where the file is whole and has the key, else computed and written."""
        found = self.find(name, key)
        return self.keep(name, key, compute()) if found is None else found

    def find(self, name: str, key: str) -> Arrays | None:
        """As :meth:`StageMemory.find`: where the file is whole and has the key."""
        return self._read(name, key)

    def keep(self, name: str, key: str, found: Arrays) -> Arrays:
        """As :meth:`StageMemory.keep`, in a file that appears when it is whole."""
        header = json.dumps({**FORMAT, 'mmp3d_version': __version__, 'name': name, 'key': key})
        buffer = io.BytesIO()
        np.savez(buffer, **{HEADER: np.array(header)}, **found)
        AtomicLocalBackend().put(buffer.getvalue(), self.path(name))
        return found

    def again(self, name: str, key: str) -> Arrays:
        """As :meth:`StageMemory.again`. Raises ValueError where the file is no longer what it was."""
        found = self._read(name, key)
        if found is None:
            raise ValueError(f'{self.path(name)}: was changed or removed during the run; run again, alone')
        return found

    def _read(self, name: str, key: str) -> Arrays | None:
        path = self.path(name)
        if not path.is_file():
            return None
        try:
            header = json.loads(str(read_arrays(path, {HEADER})[HEADER]))
            if header['key'] != key:
                return None
            return {name: values for name, values in read_arrays(path).items() if name != HEADER}
        except (ValueError, KeyError, TypeError) as error:
            warn(f'{path}: is damaged ({" ".join(str(error).split())[:120]}); computed anew')
            return None


def module_digest(module: nn.Module) -> str:
    """Digest of a network: its class, the config that it was built from (``module.cfg``, if there is one), weights."""
    config = getattr(module, 'cfg', None)
    tensors = sorted(module.state_dict().items())
    weights = ([name, _bits(tensor)] for name, tensor in tensors)
    parts = (part for pair in weights for part in pair)
    return digest(type(module).__qualname__, config and dict(config).get('model', {}), *parts)


def _bits(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
