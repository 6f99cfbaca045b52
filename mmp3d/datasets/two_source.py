"""Labelled and unlabelled items side by side, for semi-supervised training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from mmengine.dataset import default_collate
from mmengine.registry import FUNCTIONS
from mmpose.registry import DATASETS
from torch import Tensor
from torch.utils.data import Dataset

from mmp3d.datasets.item_batch import ItemBatch
from mmp3d.datasets.seeded_items import SeededIndex
from mmp3d.datasets.travelling_batch import TravellingBatch
from mmp3d.datasets.virtual_pose import VirtualPoseDataset
from mmp3d.synthetic.counter_random import keys_of


class SourceBatch(NamedTuple):
    """The items of a batch by source."""

    labelled: Sequence
    unlabelled: Sequence


@DATASETS.register_module()
class TwoSourceDataset(Dataset):
    """A labelled and an unlabelled item under each index.

    An epoch is one pass over the unlabelled items. For :class:`FreshIndexSampler`: indices go on counting from epoch to
    epoch, and each source is gone through in an order that is new each time (``VirtualPoseDataset`` draws new items
    instead). Which items meet, and what the transforms of :class:`SeededItems` draw, is a function of ``seed`` and
    the index alone.

    Args:
        labelled, unlabelled: Configs of data sets whose items stack.
        seed: Other seeds give other orders.

    Raises:
        ValueError: A data set is empty.
    """

    def __init__(self, labelled: dict, unlabelled: dict, seed: int = 0) -> None:
        self.sources = SourceBatch(DATASETS.build(labelled), DATASETS.build(unlabelled))
        self.seed = seed
        for name, source in zip(SourceBatch._fields, self.sources, strict=True):
            if hasattr(source, 'full_init'):
                source.full_init()
            if not len(source):
                raise ValueError(f'TwoSourceDataset: the {name} data set has no items')
        self.metainfo = dict(getattr(self.sources.labelled, 'metainfo', {}))
        self._orders: dict[int, tuple[int, np.ndarray]] = {}

    def __len__(self) -> int:
        return len(self.sources.unlabelled)

    def __getitem__(self, index: int) -> SourceBatch:
        """The items under one index, in batches of one."""
        return self.__getitems__([index])

    def __getitems__(self, indices: Sequence[int]) -> SourceBatch:
        """The items under some indices, from 0 on without an end: what PyTorch's ``DataLoader`` calls for a batch."""
        return SourceBatch(*(self._items(number, indices) for number in range(2)))

    def _items(self, number: int, indices: Sequence[int]) -> Sequence:
        source = self.sources[number]
        if isinstance(source, VirtualPoseDataset):
            return source.__getitems__(indices)
        keys = keys_of(self.seed, 2 * np.asarray(indices, np.int64) + number).tolist()
        places = (self._shuffled(number, len(source), int(index)) for index in indices)
        return [source[SeededIndex(place, key)] for place, key in zip(places, keys, strict=True)]

    def _shuffled(self, number: int, length: int, index: int) -> int:
        epoch, place = divmod(index, length)
        if self._orders.get(number, (-1,))[0] != epoch:
            self._orders[number] = epoch, np.random.default_rng([self.seed, number, epoch]).permutation(length)
        return int(self._orders[number][1][place])


@FUNCTIONS.register_module()
def collate_sources(batch: SourceBatch) -> dict[str, dict[str, Tensor]]:
    """Stacked tensors by source and key.

    Raises:
        ValueError: The batch is not of a :class:`TwoSourceDataset`.
    """
    if not isinstance(batch, SourceBatch):
        raise ValueError(f'collate_sources needs a batch of TwoSourceDataset, got {type(batch).__name__}')
    return TravellingBatch(
        (name, items.stacked if isinstance(items, ItemBatch) else default_collate(items))
        for name, items in batch._asdict().items()
    )
