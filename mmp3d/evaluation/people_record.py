"""What a metric needs to know of one image: its predicted and its annotated people as plain arrays.

Shapes: N people of one image (0 is legal), K = 17 MuPoTS joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmp3d.geometry import MUPOTS17

PREDICTION_SHAPES = {
    'keypoints': (MUPOTS17.num_joints, 2),
    'keypoint_scores': (MUPOTS17.num_joints,),
    'keypoints_cam': (MUPOTS17.num_joints, 3),
    'root_cam': (3,),
    'bboxes': (4,),
    'bbox_scores': (),
    'track_ids': (),
    'source': (),
}
GROUND_TRUTH_SHAPES = {
    'keypoints': (MUPOTS17.num_joints, 2),
    'keypoints_visible': (MUPOTS17.num_joints,),
    'keypoints_cam': (MUPOTS17.num_joints, 3),
    'keypoints_cam_univ': (MUPOTS17.num_joints, 3),
    'keypoints_3d_valid': (MUPOTS17.num_joints,),
    'keypoints_occluded': (MUPOTS17.num_joints,),
    'person_valid': (),
}
SKELETONS = {'annot3': 'keypoints_cam', 'univ_annot3': 'keypoints_cam_univ'}


@dataclass(frozen=True)
class PeopleRecord:
    """One image for a metric.

    Args:
        img_id: Number of the image.
        seq_name: Name of its sequence; ``''`` for a data set without sequences.
        pred: Arrays by name, first dimension all predicted people.
        gt: Arrays by name, first dimension the annotated people who are to be scored.
    """

    img_id: int
    seq_name: str
    pred: dict[str, np.ndarray]
    gt: dict[str, np.ndarray]

    @classmethod
    def from_sample(cls, sample: Mapping, pred_fields: tuple[str, ...]) -> PeopleRecord:
        """Read a data sample's dict form; see the data contract in docs/protocols.md.

        A person is scored if ``person_valid`` is set and the pelvis has a valid 3D position.

        Args:
            sample: ``PoseDataSample.to_dict()``: instances with numpy or torch arrays, metainfo beside them.
            pred_fields: The fields of ``pred_instances`` that are needed.

        Raises:
            ValueError: A field is missing or has the wrong shape.
        """
        image = f'image {sample.get("img_id", sample.get("img_path", "?"))}'
        pred = {
            name: instance_field(sample, 'pred_instances', name, PREDICTION_SHAPES[name], image)
            for name in pred_fields
        }
        gt = {
            name: instance_field(sample, 'gt_instances', name, shape, image)
            for name, shape in GROUND_TRUTH_SHAPES.items()
        }
        scored = (gt['person_valid'] > 0) & (gt['keypoints_3d_valid'][:, MUPOTS17.root_index] > 0)
        gt = {name: array[scored] for name, array in gt.items()}
        return cls(int(sample.get('img_id', -1)), str(sample.get('seq_name') or ''), pred, gt)


def instance_field(sample: Mapping, instances: str, name: str, shape: tuple[int, ...], image: str) -> np.ndarray:
    """One per-person field of a data sample as an array (N, *shape); floats become float32.

    Raises:
        ValueError: The instances or the field are missing, or the shape is another one.
    """
    if sample.get(instances) is None:
        raise ValueError(
            f'{image}: the data sample has no {instances!r}; the test pipeline must end with a packing transform that '
            'sets it (PackMultiPersonInputs), and the model must be one of mmp3d'
        )
    if name not in sample[instances]:
        found = sorted(sample[instances].keys())
        raise ValueError(f'{image}: {instances} has no field {name!r}, found {found}; see docs/protocols.md')
    return people_array(sample[instances][name], shape, f'{image}: {instances}.{name}')


def people_array(value: Any, shape: tuple[int, ...], where: str) -> np.ndarray:
    """A per-person field as an array (N, *shape); floats become float32, an empty list is nobody.

    Raises:
        ValueError: The shape is another one; the message starts with ``where``.
    """
    array = as_array(value)
    if array.size == 0 and (array.ndim == 0 or len(array) == 0):
        return np.zeros((0, *shape), np.float32)
    if array.ndim == 0 or array.shape[1:] != shape:
        expected = ', '.join(['people', *map(str, shape)])
        raise ValueError(f'{where} must have shape ({expected}), got {array.shape}')
    return array


def as_array(value: Any) -> np.ndarray:
    """A torch tensor, list or array as a numpy array on the CPU; float64 is rounded to float32."""
    if hasattr(value, 'detach'):
        value = value.detach().cpu()
        value = value.float().numpy() if value.is_floating_point() else value.numpy()
    array = np.asarray(value)
    return array.astype(np.float32) if array.dtype.kind == 'f' else array
