"""The official MuPoTS-3D matching for the images of a chunk.

Shapes: F images, G the most annotated people of any of them.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mmp3d.evaluation.functional.mupots_matching import match_people
from mmp3d.evaluation.functional.padding import pad_people
from mmp3d.evaluation.people_record import PeopleRecord


@lru_cache(maxsize=2)
def match_records(records: tuple[PeopleRecord, ...], unscored: bool = False) -> np.ndarray:
    """(F, G) index of the prediction that stands for each scored person, -1 where there is none; see `match_people`.

    Needs the prediction field ``keypoints``. With ``unscored`` the annotated people who are not scored come behind
    the others, and take what is left. Metrics that ask for the same records in turn share the answer: read only.
    """
    names = ('keypoints', 'keypoints_visible', 'keypoints_3d_valid')
    people = [[record.annotated(name) if unscored else record.gt[name] for name in names] for record in records]
    pred, pred_present = pad_people([record.pred['keypoints'] for record in records])
    gt, gt_present = pad_people([places for places, _, _ in people])
    # A joint outside of the image is no 2D label to learn, but its place is known, and it counts in the matching.
    labelled, _ = pad_people([np.maximum(visible, valid) for _, visible, valid in people])
    matches = match_people(pred, gt, pred_present, gt_present, labelled)
    matches.flags.writeable = False
    return matches
