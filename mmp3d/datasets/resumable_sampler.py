"""Sampler of training runs that can be broken off anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from mmengine.dataset import DefaultSampler
from mmpose.registry import DATA_SAMPLERS

from mmp3d.datasets.seeded_items import SeededIndex
from mmp3d.synthetic.counter_random import keys_of


@DATA_SAMPLERS.register_module()
class ResumableSampler(DefaultSampler):
    """mmengine's ``DefaultSampler``, in the same order, which can begin in the midst of an epoch.

    Its indices carry a key of the seed, the epoch and the place (:class:`~mmp3d.datasets.seeded_items.SeededIndex`),
    from which the data sets of this package draw their augmentation. :class:`~mmp3d.engine.ResumableEpochLoop` tells
    it where to begin and, in a resumed run, the seed. Arguments as in ``DefaultSampler``.
    """

    def __init__(self, dataset, shuffle: bool = True, seed: int | None = None, round_up: bool = True) -> None:
        super().__init__(dataset, shuffle=shuffle, seed=seed, round_up=round_up)
        self._first = 0

    def begin_at(self, first: int) -> None:
        """Leave out this rank's first indices in the next pass, and only in that one."""
        self._first = first

    def __iter__(self) -> Iterator[int]:
        """The indices of this rank in this epoch."""
        first, self._first = self._first, 0
        return iter(self.numbered(list(super().__iter__())[first:]))

    def numbered(self, places: Sequence[int]) -> Sequence[int]:
        """The indices by which the items at some places are asked for in this epoch."""
        keys = keys_of(self.seed, self.epoch * len(self.dataset) + np.asarray(places, np.int64))
        return [SeededIndex(place, key) for place, key in zip(places, keys.tolist(), strict=True)]
