"""The ground truth of a dataset item as the instances that metrics read.

Shapes: N annotated people, K joints. Pixels and camera frame of the original image, millimetres.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from mmengine.structures import InstanceData

REQUIRED_KEYS = ('keypoints', 'keypoints_visible', 'keypoints_cam', 'keypoints_3d_valid', 'bbox')


def ground_truth_instances(item: Mapping) -> InstanceData:
    """Collect what metrics compare with, from a dataset item whose image was not warped yet.

    Args:
        item: A dataset item by the data contract. ``keypoints_cam_univ`` may be missing (then ``keypoints_cam``),
            likewise ``keypoints_occluded`` (then none is), ``person_valid`` (then all are) and ``track_ids`` (-1).

    Returns:
        ``keypoints`` (N, K, 2), ``keypoints_visible`` (N, K), ``keypoints_cam`` and ``keypoints_cam_univ`` (N, K, 3),
        ``keypoints_3d_valid`` and ``keypoints_occluded`` (N, K), ``person_valid`` (N,), ``bboxes`` (N, 4) xyxy, all
        float32, and ``track_ids`` (N,) int.

    Raises:
        ValueError: A required key is missing.
    """
    missing = [key for key in REQUIRED_KEYS if key not in item]
    if missing:
        raise ValueError(
            f'{item.get("img_path", "dataset item")}: no ground truth under {missing}; the data set must give every '
            'key of the data contract (docs/datasets.md)'
        )
    people = len(item['keypoints'])
    joints = np.shape(item['keypoints_visible'])
    fields = {
        'keypoints': item['keypoints'],
        'keypoints_visible': item['keypoints_visible'],
        'keypoints_cam': item['keypoints_cam'],
        'keypoints_cam_univ': item.get('keypoints_cam_univ', item['keypoints_cam']),
        'keypoints_3d_valid': item['keypoints_3d_valid'],
        'keypoints_occluded': item.get('keypoints_occluded', np.zeros(joints)),
        'person_valid': item.get('person_valid', np.ones(people)),
        'bboxes': item['bbox'],
    }
    arrays = {name: np.array(value, np.float32) for name, value in fields.items()}
    return InstanceData(**arrays, track_ids=np.array(item.get('track_ids', np.full(people, -1)), np.int64))
