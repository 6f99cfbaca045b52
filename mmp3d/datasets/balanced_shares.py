"""Whole sequences over processes, so that each has about as much to do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def owners(lengths: Sequence[int], processes: int) -> np.ndarray:
    """The process of each sequence: the longest ones first, each to whoever has least so far.

    The greatest load is at most 4/3 of the best possible one (Graham 1969). The division depends on the lengths alone,
    so that processes need not talk about it.

    Args:
        lengths: (S,) frames, or any other measure, > 0.
        processes: From 1 on.

    Returns:
        (S,) numbers from 0 on.
    """
    found, loads = np.zeros(len(lengths), int), np.zeros(processes, np.int64)
    for number in np.argsort(-np.asarray(lengths, np.int64), kind='stable'):
        found[number] = loads.argmin()
        loads[found[number]] += lengths[number]
    return found
