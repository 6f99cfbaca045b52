"""Items whose random changes are a function of the run's seed, the epoch and the item's place alone."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch


class SeededIndex(int):
    """Place of an item in its data set, with the key of the random numbers that its transforms draw.

    Any data set takes it as the number that it is; those with :class:`SeededItems` draw from the key. It travels with
    the index to the workers, so that an item is the same whichever of them makes it, and after whatever else.

    Args:
        value: The place.
        key: From 0 to 2^64 - 1.
    """

    def __new__(cls, value: int, key: int = 0) -> SeededIndex:
        index = super().__new__(cls, value)
        index.key = key
        return index

    def __reduce__(self) -> tuple:
        return SeededIndex, (int(self), self.key)


class SeededItems:
    """Base, before mmengine's, of data sets whose transforms draw from the key of a :class:`SeededIndex`.

    Other indices leave the global generators as they are.
    """

    def __getitem__(self, index: int) -> Any:
        if isinstance(index, SeededIndex):
            seed_generators(index.key)
        return super().__getitem__(index)


def seed_generators(key: int) -> None:
    """Set the global generators of Python, numpy and PyTorch (all devices) to a state that depends on the key alone.

    Args:
        key: From 0 to 2^64 - 1.
    """
    random.seed(key)
    np.random.seed([key >> 32, key & 0xFFFFFFFF])
    torch.manual_seed(key >> 1)
