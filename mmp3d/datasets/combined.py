"""Several multi-person data sets as one."""

from __future__ import annotations

from collections.abc import Sequence

from mmpose.datasets import CombinedDataset
from mmpose.registry import DATASETS

from mmp3d.datasets.seeded_items import SeededItems
from mmp3d.geometry import MUPOTS17


@DATASETS.register_module()
class CombinedMultiPersonDataset(SeededItems, CombinedDataset):
    """mmpose's ``CombinedDataset`` for data sets in MuPoTS-17 joints.

    Args:
        datasets: Configs of the data sets to mix, without pipelines.
        pipeline: Transforms of all.
        sample_ratio_factor: How often each set's items come in an epoch, relative to its size; None: once.
        **kwargs: Those of mmengine's ``BaseDataset``.
    """

    def __init__(
        self, datasets: Sequence[dict], pipeline: Sequence[dict] = (), sample_ratio_factor: list | None = None, **kwargs
    ) -> None:
        super().__init__(
            metainfo=MUPOTS17.metainfo('muco'),
            datasets=list(datasets),
            pipeline=list(pipeline),
            sample_ratio_factor=sample_ratio_factor,
            **kwargs,
        )
