"""Predicted people of one image in plain Python, for the caller and for files.

Shapes: N people, K joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

import numpy as np
from mmengine.structures import InstanceData

from mmp3d.evaluation.people_record import PREDICTION_FIELDS, Field
from mmp3d.geometry import MUPOTS17

# The data contract's names for all people, and mmpose's for one person.
PERSON_KEYS = {
    'keypoints': 'keypoints',
    'keypoint_scores': 'keypoint_scores',
    'keypoints_3d': 'keypoints_3d',
    'root_cam': 'root_cam',
    'keypoints_cam': 'keypoints_cam',
    'bboxes': 'bbox',
    'bbox_scores': 'bbox_score',
    'track_ids': 'track_id',
    'source': 'source',
}


def person_dicts(people: InstanceData) -> list[dict]:
    """One dict of lists, numbers and strings per person, keys as in ``docs/inference.md``."""
    columns = {PERSON_KEYS[name]: np.asarray(people[name]).tolist() for name in PERSON_KEYS}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def instance_arrays(people: InstanceData) -> dict[str, np.ndarray]:
    """The fields of a prediction file."""
    return {name: np.asarray(people[name]) for name in PREDICTION_FIELDS}


def nobody() -> InstanceData:
    """Predictions for an image without people, all fields with N = 0."""
    fields = {**PREDICTION_FIELDS, 'keypoints_3d': Field((MUPOTS17.num_joints, 3))}
    return InstanceData(**{name: np.zeros((0, *field.shape), field.kind) for name, field in fields.items()})
