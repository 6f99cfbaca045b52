"""Boxes of a person detector from a file in COCO's results format.

Shapes: D boxes. Pixels of the full image.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmp3d.datasets.coco_layout import xywh_to_xyxy
from mmp3d.datasets.columns import Columns, Field
from mmp3d.datasets.json_file import read_json

PERSON_CATEGORY = 1
FIELDS = {
    'image_id': Field((), np.int64),
    'category_id': Field((), np.int64, default=PERSON_CATEGORY),
    'bbox': Field((4,)),
    'score': Field(()),
}


class DetectedBoxes(NamedTuple):
    """``img_ids`` (D,), ``boxes`` (D, 4) xyxy px and ``scores`` (D,), in the file's order."""

    img_ids: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray


def read_box_file(path: str | Path, least_score: float = 0.0) -> DetectedBoxes:
    """The person boxes of a JSON list of ``{"image_id", "category_id", "bbox" (xywh), "score"}``.

    Args:
        path: The file.
        least_score: Boxes with a smaller score are left out.

    Raises:
        FileNotFoundError: No such file.
        ValueError: Not such a list; names file, record and field.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'no boxes at {path}; a COCO results file of a person detector is expected there')
    records = read_json(path)
    if not isinstance(records, list):
        raise ValueError(f'{path}: must be a JSON list of boxes (COCO results), got {type(records).__name__}')
    columns = Columns(path, 'boxes', FIELDS)
    columns.add(records)
    found = columns.take()
    kept = (found['category_id'] == PERSON_CATEGORY) & (found['score'] >= least_score)
    return DetectedBoxes(found['image_id'][kept], xywh_to_xyxy(found['bbox'][kept]), found['score'][kept])
