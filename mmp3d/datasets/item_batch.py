"""Items that were drawn together and stay together on their way to the network."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.registry import FUNCTIONS
from torch import Tensor

from mmp3d.datasets.travelling_batch import TravellingBatch


class ItemBatch(Sequence):
    """A list of items (dicts of tensors) that is held as one dict of stacked tensors.

    Args:
        stacked: Key to (items, ...) tensor.
    """

    def __init__(self, stacked: dict[str, Tensor]) -> None:
        self.stacked = stacked

    def __len__(self) -> int:
        return len(next(iter(self.stacked.values())))

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        # A slice would give a dict of stacks, which is no list of items.
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return {key: values[index] for key, values in self.stacked.items()}


@FUNCTIONS.register_module()
def collate_drawn_items(items: ItemBatch) -> dict[str, Tensor]:
    """The items as one dict of stacked tensors: what mmengine's ``default_collate`` makes of them, at no cost.

    Raises:
        ValueError: The items did not come as an :class:`ItemBatch`: the data set has a pipeline or is wrapped.
    """
    if not isinstance(items, ItemBatch):
        raise ValueError(
            f'collate_drawn_items needs the batch that VirtualPoseDataset draws, got {type(items).__name__}: use '
            "collate_fn=dict(type='default_collate') where the data set has a pipeline or is wrapped in another one"
        )
    return TravellingBatch(items.stacked)
