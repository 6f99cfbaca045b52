"""Tells a data set that draws its items which of them have not been seen yet."""

from __future__ import annotations

from collections.abc import Sequence

from mmpose.registry import DATA_SAMPLERS

from mmp3d.datasets.resumable_sampler import ResumableSampler


@DATA_SAMPLERS.register_module()
class FreshIndexSampler(ResumableSampler):
    """``ResumableSampler`` whose indices go on counting from epoch to epoch.

    In epoch e it asks for the items e * len(dataset) to (e + 1) * len(dataset) - 1, which
    :class:`~mmp3d.datasets.virtual_pose.VirtualPoseDataset` draws like those before. The epoch thus travels with the
    index, to persistent workers too, and mmengine's own hook sets it, after resuming as well. The order is that of the
    indices: items that are drawn need no shuffling. Arguments as in ``DefaultSampler``.
    """

    def __init__(self, dataset, seed: int | None = None, round_up: bool = True) -> None:
        super().__init__(dataset, shuffle=False, seed=seed, round_up=round_up)

    def numbered(self, places: Sequence[int]) -> Sequence[int]:
        """The numbers of the items at some places of this epoch."""
        first = self.epoch * len(self.dataset)
        return [first + place for place in places]
