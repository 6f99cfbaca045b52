"""What the stages found, kept in memory; and digests of what an output depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

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


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return repr(value)
