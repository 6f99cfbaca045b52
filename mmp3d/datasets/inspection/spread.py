"""Least, middle and greatest of very many positive numbers in little memory."""

from __future__ import annotations

import numpy as np

# 13 powers of ten, each in 1000 steps: a median is right to 0.12 percent.
EDGES = np.geomspace(1e-6, 1e7, 13_001)


class Spread:
    """Counts of numbers on a logarithmic scale, with exact ends."""

    def __init__(self) -> None:
        self._counts = np.zeros(len(EDGES) + 1, np.int64)
        self.least, self.greatest = np.inf, -np.inf

    def add(self, values: np.ndarray) -> None:
        """Count numbers of any shape; NaN are left out."""
        values = values[np.isfinite(values)]
        if len(values):
            self._counts += np.bincount(np.searchsorted(EDGES, values), minlength=len(self._counts))
            self.least = min(self.least, float(values.min()))
            self.greatest = max(self.greatest, float(values.max()))

    @property
    def count(self) -> int:
        """How many numbers there were."""
        return int(self._counts.sum())

    @property
    def median(self) -> float:
        """Middle one, within its step of the scale; NaN without numbers."""
        if not self.count:
            return float('nan')
        step = int(np.searchsorted(np.cumsum(self._counts), (self.count + 1) // 2))
        if step == 0:
            return min(self.greatest, float(EDGES[0])) if self.least > 0 else self.least
        centre = np.sqrt(EDGES[step - 1] * EDGES[min(step, len(EDGES) - 1)])
        return float(np.clip(centre, self.least, self.greatest))
