"""What the stages found, kept so that a later stage, or a run that was broken off, need not do it again.

A folder a clip, a numpy archive a stage and chunk. A file tells by a key what it was made from; one that was made from
something else is replaced, and so is a damaged one.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.datasets.report import warn
from mmp3d.version import __version__

FORMAT = {'format': 'mmp3d-stage', 'version': 1}
HEADER = 'header'
Arrays = dict[str, np.ndarray]


class StageMemory:
    """Keeps stage outputs as long as the object lives."""

    def __init__(self) -> None:
        self._kept: dict[str, Arrays] = {}

    def key(self, *parts: Any) -> str:
        """Digest of what an output depends on; functions among the parts are asked only where keys are compared."""
        return ''

    def get(self, name: str, key: str, compute: Callable[[], Arrays]) -> Arrays:
        """The output of a stage, computed if it was not.

        Args:
            name: Clip, stage and chunk, for example ``'TS1/tracks'``.
            key: See :meth:`key`.
            compute: Makes it.
        """
        found = self.find(name, key)
        return self.keep(name, key, compute()) if found is None else found

    def find(self, name: str, key: str) -> Arrays | None:
        """The output, None where it has not been computed; for those who compute it by and by, beside other work."""
        return self._kept.get(name)

    def keep(self, name: str, key: str, found: Arrays) -> Arrays:
        """Take what was computed; it is given back."""
        self._kept[name] = found
        return found

    def again(self, name: str, key: str) -> Arrays:
        """What :meth:`get` gave before."""
        return self._kept[name]


class StageStore:
    """Keeps stage outputs in a folder: what was computed is read back, number for number.

    Args:
        folder: Made when the first file is written.

    Raises:
        ValueError: ``folder`` is a file.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
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
            with np.load(path, allow_pickle=False) as archive:
                if json.loads(str(archive[HEADER]))['key'] != key:
                    return None
                return {member: archive[member] for member in archive.files if member != HEADER}
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
            warn(f'{path}: is damaged ({" ".join(str(error).split())[:120]}); computed anew')
            return None


def digest(*parts: Any) -> str:
    """A short text that is the same for the same parts: arrays, and whatever ``json`` writes."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, np.ndarray):
            state.update(f'{part.dtype.str}{part.shape}'.encode())
            state.update(np.ascontiguousarray(part).tobytes())
        else:
            state.update(json.dumps(part, sort_keys=True, default=_plain).encode('utf-8', 'surrogatepass'))
        state.update(b'\0')
    return state.hexdigest()


def module_digest(module: nn.Module) -> str:
    """Digest of a network: its class, the config that it was built from (``module.cfg``, if there is one), weights."""
    config = getattr(module, 'cfg', None)
    tensors = sorted(module.state_dict().items())
    weights = ([name, _bits(tensor)] for name, tensor in tensors)
    parts = (part for pair in weights for part in pair)
    return digest(type(module).__qualname__, config and dict(config).get('model', {}), *parts)


def _bits(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return repr(value)
