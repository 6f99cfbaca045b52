"""Ragged per-frame lists of people as one padded array, so that frames can be computed together.

Shapes: F frames, N people of one frame, P the most people of any frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np


def pad_people(frames: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Stack arrays that differ in their first dimension.

    Args:
        frames: F arrays (N_f, ...) with equal trailing dimensions; N_f = 0 is legal.

    Returns:
        (F, P, ...) float64, zero behind the last person of a frame, and (F, P) bool: a person is there.

    Raises:
        ValueError: ``frames`` is empty.
    """
    if not frames:
        raise ValueError('pad_people needs at least one frame, got none')
    counts = np.array([len(frame) for frame in frames])
    present = np.arange(counts.max()) < counts[:, None]
    padded = np.zeros((*present.shape, *frames[0].shape[1:]), np.float64)
    padded[present] = np.concatenate(frames)
    return padded, present


def split_people(flat: np.ndarray, present: np.ndarray) -> list[np.ndarray]:
    """Cut (sum of N_f, ...) rows, in the order of ``array[present]``, back into F arrays (N_f, ...)."""
    return split_by_counts(flat, present.sum(axis=1))


def split_by_counts(flat: np.ndarray, counts: np.ndarray | Sequence[int]) -> list[np.ndarray]:
    """Cut rows into F arrays of (F,) ``counts`` rows; views, many times faster than np.split."""
    bounds = [0, *np.cumsum(counts, dtype=int).tolist()]
    return [flat[start:end] for start, end in pairwise(bounds)]


def sum_by_counts(numbers: np.ndarray, counts: np.ndarray | Sequence[int]) -> list[int]:
    """Sums of whole numbers (or truth values) over F runs of (F,) ``counts`` entries each."""
    return np.bincount(np.repeat(np.arange(len(counts)), counts), numbers, len(counts)).astype(int).tolist()
