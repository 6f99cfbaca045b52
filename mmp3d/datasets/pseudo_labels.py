"""Unlabelled clips with what a teacher says about them: the file, and the data set that serves it.

Shapes: I items, S people of all items, N people of one item (padded), T frames, K = 17 MuPoTS joints. Rays are K^-1
times pixels; camera frame, millimetres.
"""

from __future__ import annotations

import torch
from mmpose.registry import DATASETS

from mmp3d.datasets.people_archive import PeopleArchive, PeopleArchiveDataset

LABELS = PeopleArchive(
    format='mmp3d-pseudo-labels',
    version=1,
    content='pseudo-labels',
    remedy='write it with tools/pseudo_label.py CONFIG CHECKPOINT --out FILE',
    columns={'keypoints_norm': (2,), 'keypoint_scores': (), 'keypoints_cam': (3,)},
)
COLUMNS = LABELS.columns
save_labels, load_labels = LABELS.save, LABELS.load


@DATASETS.register_module()
class PseudoLabelDataset(PeopleArchiveDataset):
    """Clips with the teacher's poses in place of true ones, in the keys of ``VirtualPoseDataset``.

    An item: ``keypoints_norm (N, T, K, 2)``, ``keypoint_scores (N, T, K)``, the teacher's ``keypoints_cam (N, T, K,
    3)`` mm, ``keypoints_3d_valid (N, T, K)`` 1 where somebody is, and ``person_valid (N,)``.

    Args:
        ann_file: A file of ``tools/pseudo_label.py``, or several.
        max_people: N; of an item with more, the first N are served.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged, of another kind, or has nobody in it.
    """

    ARCHIVE = LABELS
    NAME = 'pseudo_labels'

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        item = super().__getitem__(index)
        valid = item['person_valid'][:, None, None].expand_as(item['keypoint_scores'])
        return {**item, 'keypoints_3d_valid': valid.clone()}
