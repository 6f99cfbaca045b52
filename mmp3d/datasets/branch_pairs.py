"""What the two branches of the whole system said about people whose poses are known, and the data set that serves it.

Shapes: N people of a picture (padded), K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

import numpy as np
import torch
from mmpose.registry import DATASETS

from mmp3d.datasets.people_archive import PeopleArchive, PeopleArchiveDataset

# Every picture is an item of one frame. Joints that a branch does not have are at 0 and have the score 0.
BRANCH_PAIRS = PeopleArchive(
    format='mmp3d-branch-pairs',
    version=1,
    content='branch pairs',
    remedy='write it with tools/branch_pairs.py CONFIG DATA_ROOT ... --out FILE',
    columns={
        'keypoints_cam': (3,),
        'keypoints_3d_valid': (),
        'top_down': (3,),
        'bottom_up': (3,),
        'top_down_scores': (),
        'bottom_up_scores': (),
    },
)


@DATASETS.register_module()
class BranchPairsDataset(PeopleArchiveDataset):
    """The people of a picture, as they are and as both branches have them.

    An item: true ``keypoints_cam (N, 1, K, 3)`` mm with ``keypoints_3d_valid (N, 1, K)``, ``top_down`` and
    ``bottom_up (N, 1, K, 3)`` mm with ``top_down_scores`` and ``bottom_up_scores (N, 1, K)``, ``person_valid (N,)``,
    and, as other data sets of clips have them, ``keypoints_norm (N, 1, K, 2)``, the true rays, with
    ``keypoint_scores (N, 1, K)``, those of the surer branch.

    Args:
        ann_file: A file of ``tools/branch_pairs.py``, or several.
        max_people: N; of a picture with more, the first N are served.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged, of another kind, or has nobody in it.
    """

    ARCHIVE = BRANCH_PAIRS
    NAME = 'branch_pairs'

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        item = super().__getitem__(index)
        poses, known = item['keypoints_cam'], item['keypoints_3d_valid'][..., None] > 0
        rays = torch.where(known, poses[..., :2] / poses[..., 2:].clamp(min=1), 0)
        scores = torch.maximum(item['top_down_scores'], item['bottom_up_scores'])
        return {**item, 'keypoints_norm': rays, 'keypoint_scores': scores}


def cleaned_columns(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The columns with poses and marks of joints that are not finite, or not known, at 0."""
    columns = {name: np.asarray(values, np.float32) for name, values in columns.items()}
    marks = dict(keypoints_cam='keypoints_3d_valid', top_down='top_down_scores', bottom_up='bottom_up_scores')
    for points, mark in marks.items():
        known = np.isfinite(columns[points]).all(axis=-1) & (np.nan_to_num(columns[mark]) > 0)
        columns[points] = np.where(known[..., None], columns[points], 0)
        columns[mark] = np.where(known, columns[mark], 0)
    return columns
