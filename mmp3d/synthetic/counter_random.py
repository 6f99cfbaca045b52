"""Random numbers that are a function of a key and a counter, for many keys at once.

Shapes: B keys. A data set that draws item i from key i gives the same item whoever asks for it and whatever else is
drawn beside it; numpy's generators hold one state and would have to be set up anew for every item.
"""

from __future__ import annotations

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def mix(words: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014): (...) uint64 to (...) uint64, one to one."""
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))


def keys_of(seed: int, indices: np.ndarray) -> np.ndarray:
    """(B,) uint64 keys of items ``indices`` (B,) >= 0 under a seed >= 0."""
    start = mix(np.array([seed], np.uint64) + _GOLDEN)
    return mix(start + np.asarray(indices, np.uint64) * _GOLDEN)


class CounterRandom:
    """A stream of random numbers for each key; all streams advance together.

    Args:
        keys: (B,) uint64, see :func:`keys_of`.
    """

    def __init__(self, keys: np.ndarray) -> None:
        self._keys = np.asarray(keys, np.uint64)
        self._drawn = 0

    def __len__(self) -> int:
        return len(self._keys)

    def fork(self, tag: int, rows: np.ndarray | None = None) -> CounterRandom:
        """Independent streams for (some of) the keys; another tag gives other streams.

        Args:
            tag: Number >= 0 of the use.
            rows: Indices of the keys; a key that is named twice gives the same stream twice. None: all.
        """
        keys = self._keys if rows is None else self._keys[rows]
        return CounterRandom(mix(keys ^ mix(np.array([tag], np.uint64) + _FIRST)))

    @staticmethod
    def joined(streams: list[CounterRandom]) -> CounterRandom:
        """The streams of several, one after the other, from their beginnings."""
        return CounterRandom(np.concatenate([each._keys for each in streams]))

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
        """(B, *shape) float32, each from ``low`` to ``high``."""
        values = self._unit(int(np.prod(shape, dtype=np.int64)))
        if (low, high) != (0.0, 1.0):
            values = values * np.float32(high - low) + np.float32(low)
        return values.reshape(len(self), *shape)

    def normal(self, *shape: int) -> np.ndarray:
        """(B, *shape) float32 of mean 0 and standard deviation 1 (Box and Muller)."""
        count = int(np.prod(shape, dtype=np.int64))
        half = -(-count // 2)
        unit = self._unit(2 * half)
        # From (0, 1]: the logarithm of 0 is not finite.
        radius = np.sqrt(-2 * np.log(1 - unit[:, :half]))
        angle = unit[:, half:] * np.float32(2 * np.pi)
        both = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        return both[:, :count].reshape(len(self), *shape)

    def below(self, bound: int | np.ndarray, *shape: int) -> np.ndarray:
        """(B, *shape) int64 from 0 to ``bound`` - 1; ``bound`` broadcasts against the shape."""
        # float64: a float32 just below 1 would round up to the bound itself.
        return np.floor(self.uniform(*shape).astype(np.float64) * bound).astype(np.int64)

    def _unit(self, count: int) -> np.ndarray:
        """(B, count) float32 from [0, 1) in steps of 2^-24."""
        words = -(-count // 2)
        counter = np.arange(self._drawn + 1, self._drawn + words + 1, dtype=np.uint64) * _GOLDEN
        self._drawn += words
        halves = mix(self._keys[:, None] + counter).view(np.uint32)[:, :count]
        return (halves >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)
