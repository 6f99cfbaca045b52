"""2D poses of a COCO results list, as every COCO key point network writes it.

Shapes: S people of all images. Pixels of the full image.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mmp3d.datasets.columns import Field
from mmp3d.datasets.poses2d import Poses2D, columns_of, group_unsorted_people
from mmp3d.geometry import COCO17

PERSON_CATEGORY = 1


def from_coco_results(path: str | Path, results: list[Any]) -> Poses2D:
    """Poses of ``[{"image_id", "category_id", "keypoints": 17 x (x, y, score)}]``; image ids are numbers."""
    fields = {
        'image_id': Field((), np.int64),
        'category_id': Field((), np.int64, default=PERSON_CATEGORY),
        'keypoints': Field((COCO17.num_joints, 3), also_flat=True),
    }
    table = columns_of(path, 'results', results, fields)
    people = table['category_id'] == PERSON_CATEGORY
    return group_unsorted_people(path, 'img_id', table['image_id'][people], table['keypoints'][people], COCO17)
