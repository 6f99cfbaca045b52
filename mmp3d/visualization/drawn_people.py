"""What a picture shows of people, whichever model they come from.

Shapes: N people, K joints. Pixels of the image; camera frame, millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.structures import InstanceData

from mmp3d.geometry import MUPOTS17
from mmp3d.visualization.limbs import Colour, person_colours


@dataclass(frozen=True)
class DrawnPeople:
    """People to draw.

    Args:
        keypoints: (N, K, 2) px; NaN where a joint has none.
        joints: (N, K, 3) mm, or None for people in 2D.
        shown: (N, K) bool, joints that are sure enough to be drawn.
        boxes: (N, 4) xyxy px, or None.
        colours: One a person.
        labels: Number and distance of each person; empty in 2D.
    """

    keypoints: np.ndarray
    joints: np.ndarray | None
    shown: np.ndarray
    boxes: np.ndarray | None
    colours: list[Colour]
    labels: list[str]

    @classmethod
    def from_instances(cls, instances: InstanceData, kpt_thr: float) -> DrawnPeople:
        """From predictions or ground truth, numpy or torch; a joint is shown from score ``kpt_thr`` on."""
        if 'keypoints' not in instances or not len(instances):
            return cls(np.zeros((0, MUPOTS17.num_joints, 2)), _field(instances, 'keypoints_cam'),
                       np.zeros((0, MUPOTS17.num_joints), bool), None, [], [])  # fmt: skip
        keypoints, joints = _field(instances, 'keypoints')[..., :2], _field(instances, 'keypoints_cam')
        ids = _field(instances, 'track_ids')
        return cls(
            keypoints=keypoints.astype(np.float64),
            joints=None if joints is None else joints.astype(np.float64),
            shown=_scores(instances, keypoints.shape[:2]) >= kpt_thr,
            boxes=_field(instances, 'bboxes'),
            colours=person_colours(ids, len(keypoints)),
            labels=_labels(ids, _roots(instances, joints), len(keypoints)),
        )


def _field(instances: InstanceData, name: str) -> np.ndarray | None:
    value = instances.get(name)
    if value is None:
        return None
    return np.asarray(value.detach().cpu() if hasattr(value, 'detach') else value)


def _scores(instances: InstanceData, shape: tuple[int, int]) -> np.ndarray:
    # Of mmpose's models some give a score, some a visibility and some both; ground truth has visibility alone.
    for name in ('keypoint_scores', 'keypoints_visible'):
        scores = _field(instances, name)
        if scores is not None:
            return scores.reshape(*shape, -1)[..., 0]
    return np.ones(shape)


def _roots(instances: InstanceData, joints: np.ndarray | None) -> np.ndarray | None:
    if 'root_cam' in instances or joints is None:
        return _field(instances, 'root_cam')
    return joints[:, MUPOTS17.root_index]


def _labels(ids: Any, roots: np.ndarray | None, count: int) -> list[str]:
    if roots is None:
        return [''] * count
    places = np.arange(count)
    numbers = places if ids is None else np.where(ids >= 0, ids, places)
    distances = np.linalg.norm(roots, axis=-1) / 1000
    return [f'{number}: {distance:.2f} m' for number, distance in zip(numbers, distances, strict=True)]
