"""Batches that are whole clips, for models that look at a sequence as a whole while metrics count its frames."""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.dist import get_dist_info
from mmpose.registry import DATA_SAMPLERS
from torch.utils.data import BatchSampler, Sampler

from mmp3d.datasets.balanced_shares import owners
from mmp3d.datasets.base import MultiPersonDataset
from mmp3d.datasets.clips import runs_of_frames


@DATA_SAMPLERS.register_module()
class ClipBatchSampler(BatchSampler):
    """All frames of one clip after the other; of several processes each gets whole clips, about as many frames.

    A clip is a run of frames ``frame_stride`` apart of one sequence. The items should hold no pictures: a batch is as
    long as the clip.

    Args:
        sampler: Any sampler of a :class:`MultiPersonDataset`; its order is not used.
        batch_size: Clips of a batch.

    Raises:
        ValueError: The data set has no sequences.
    """

    def __init__(self, sampler: Sampler, batch_size: int = 1) -> None:
        dataset = sampler.dataset
        if not isinstance(dataset, MultiPersonDataset):
            raise ValueError(
                f'ClipBatchSampler needs a data set with sequences such as MuPoTSDataset, got {type(dataset).__name__}'
            )
        dataset.full_init()
        super().__init__(sampler, batch_size, drop_last=False)
        rank, processes = get_dist_info()
        clips = list(runs_of_frames(dataset))
        shares = owners([count for _, count in clips], processes)
        self.clips = [clip for clip, owner in zip(clips, shares, strict=True) if owner == rank]

    def __iter__(self) -> Iterator[list[int]]:
        """Items of each batch of this process."""
        for at in range(0, len(self.clips), self.batch_size):
            clips = self.clips[at : at + self.batch_size]
            yield [start + frame for start, count in clips for frame in range(count)]

    def __len__(self) -> int:
        """Batches of this process."""
        return -(-len(self.clips) // self.batch_size)
