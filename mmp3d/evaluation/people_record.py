"""What a metric needs to know of one image: its predicted and its annotated people as plain arrays.

Shapes: N people of one image (0 is legal), K = 17 MuPoTS joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from mmp3d.geometry import MUPOTS17

NUM_JOINTS, ROOT = MUPOTS17.num_joints, MUPOTS17.root_index


class Field(NamedTuple):
    """What a per-person field holds: shape of one person's entry, and float32, int64 or text."""

    shape: tuple[int, ...]
    kind: type = np.float32


PREDICTION_FIELDS = {
    'keypoints': Field((NUM_JOINTS, 2)),
    'keypoint_scores': Field((NUM_JOINTS,)),
    'keypoints_cam': Field((NUM_JOINTS, 3)),
    'root_cam': Field((3,)),
    'bboxes': Field((4,)),
    'bbox_scores': Field(()),
    'track_ids': Field((), np.int64),
    'source': Field((), np.str_),
}
GROUND_TRUTH_FIELDS = {
    'keypoints': Field((NUM_JOINTS, 2)),
    'keypoints_visible': Field((NUM_JOINTS,)),
    'keypoints_cam': Field((NUM_JOINTS, 3)),
    'keypoints_cam_univ': Field((NUM_JOINTS, 3)),
    'keypoints_3d_valid': Field((NUM_JOINTS,)),
    'keypoints_occluded': Field((NUM_JOINTS,)),
    'person_valid': Field(()),
    'track_ids': Field((), np.int64),
    'bboxes': Field((4,)),
}
# Fields that a prediction file or a data set may lack, with what a person has in their place.
OPTIONAL_FIELDS = {
    'pred_instances': {'keypoint_scores': 1.0, 'track_ids': -1},
    'gt_instances': {'track_ids': -1, 'bboxes': np.nan},
}
IMAGE_INFO_KEYS = ('frame_id', 'action', 'camera')
SKELETONS = {'annot3': 'keypoints_cam', 'univ_annot3': 'keypoints_cam_univ'}


@dataclass(frozen=True, eq=False)
class PeopleRecord:
    """One image for a metric; arrays of the right kind are those of the data sample, not copies, unless they are views.

    Args:
        img_id: Number of the image.
        seq_name: Name of its sequence; ``''`` for a data set without sequences.
        pred: Arrays by name, first dimension all predicted people.
        gt: Arrays by name, first dimension the annotated people who are to be scored.
        unscored: The same of the annotated people who are not; empty if there are none.
        info: What else is known of the image, by the names in ``IMAGE_INFO_KEYS``; None where it is not.
    """

    img_id: int
    seq_name: str
    pred: dict[str, np.ndarray]
    gt: dict[str, np.ndarray]
    unscored: dict[str, np.ndarray]
    info: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_sample(cls, sample: Mapping, pred_fields: tuple[str, ...], needs_root: bool = True) -> PeopleRecord:
        """Read a data sample's dict form; see the data contract in docs/protocols.md.

        A person is scored if ``person_valid`` is set and, with ``needs_root``, the pelvis has a valid 3D position.

        Args:
            sample: ``PoseDataSample.to_dict()``: instances with numpy or torch arrays, metainfo beside them.
            pred_fields: The fields of ``pred_instances`` that are needed.
            needs_root: Whether a person without a pelvis counts; joint-wise protocols score the other joints.

        Raises:
            ValueError: A field is missing or has the wrong shape.
        """
        pred = _fields(sample, 'pred_instances', {name: PREDICTION_FIELDS[name] for name in pred_fields})
        gt = _fields(sample, 'gt_instances', GROUND_TRUTH_FIELDS)
        scored = gt['person_valid'] > 0
        if needs_root:
            scored &= gt['keypoints_3d_valid'][:, ROOT] > 0
        unscored = {}
        if False in scored.tolist():
            gt, unscored = ({name: array[chosen] for name, array in gt.items()} for chosen in (scored, ~scored))
        info = {key: sample.get(key) for key in IMAGE_INFO_KEYS}
        return cls(int(sample.get('img_id', -1)), str(sample.get('seq_name') or ''), pred, gt, unscored, info)

    def annotated(self, name: str) -> np.ndarray:
        """The field of all annotated people: first those who are scored, then the others."""
        return np.concatenate([self.gt[name], self.unscored[name]]) if self.unscored else self.gt[name]


def _fields(sample: Mapping, instances: str, expected: Mapping[str, Field]) -> dict[str, np.ndarray]:
    """Arrays by name, all of the same number of people; one that is optional and not there takes its place-holder."""
    given = sample.get(instances)
    arrays, people = {}, set()
    for name, (shape, kind) in expected.items():
        array = None if given is None else given.get(name)
        if array is None and given is not None and name in OPTIONAL_FIELDS[instances]:
            continue
        # A view would keep all of the array that it shows a part of.
        whole = type(array) is np.ndarray and array.base is None and array.dtype.type is kind
        size = array.shape if whole else ()
        if not size or size[1:] != shape:
            array = instance_field(sample, instances, name, expected[name], image_name(sample))
        arrays[name] = array
        people.add(len(array))
    if len(people) > 1:
        counts = {name: len(array) for name, array in arrays.items()}
        raise ValueError(f'{image_name(sample)}: fields of {instances} differ in their number of people: {counts}')
    for name in expected.keys() - arrays.keys():
        arrays[name] = _place_holder(instances, name, expected[name], *people)
    return arrays


@lru_cache(maxsize=256)
def _place_holder(instances: str, name: str, field: Field, people: int) -> np.ndarray:
    """What an optional field holds that is not there; the same array for all images of so many people, read only."""
    array = np.full((people, *field.shape), OPTIONAL_FIELDS[instances][name], field.kind)
    array.flags.writeable = False
    return array


def image_name(sample: Mapping) -> str:
    """What messages call the image of a data sample."""
    return f'image {sample.get("img_id", sample.get("img_path", "?"))}'


def instance_field(sample: Mapping, instances: str, name: str, field: Field, image: str) -> np.ndarray:
    """One per-person field of a data sample, see :func:`people_array`.

    Raises:
        ValueError: The instances or the field are missing, or the field holds something else.
    """
    if sample.get(instances) is None:
        raise ValueError(
            f'{image}: the data sample has no {instances!r}; the test pipeline must end with the packing transform of '
            'mmp3d, and the model must be one of mmp3d'
        )
    if name not in sample[instances]:
        found = sorted(sample[instances].keys())
        raise ValueError(f'{image}: {instances} has no field {name!r}, found {found}; see docs/protocols.md')
    return people_array(sample[instances][name], field, f'{image}: {instances}.{name}')


def people_array(value: Any, field: Field, where: str) -> np.ndarray:
    """A torch tensor, array or list as an array (N, *shape) of the field's kind; an empty list is nobody.

    Raises:
        ValueError: Shape or kind is another one; the message starts with ``where``.
    """
    if hasattr(value, 'detach'):
        value = value.detach().cpu()
        value = (value.float() if value.is_floating_point() else value).numpy()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f'{where} must have {_shape(field)}, got rows of different lengths') from error
    if array.shape == (0,):
        return np.zeros((0, *field.shape), field.kind)
    if array.ndim == 0 or array.shape[1:] != field.shape:
        raise ValueError(f'{where} must have {_shape(field)}, got {array.shape}')
    if (array.dtype.kind == 'U') != (field.kind is np.str_) or array.dtype.kind not in 'biufU':
        raise ValueError(f'{where} must hold {"text" if field.kind is np.str_ else "numbers"}, got {array.dtype}')
    if field.kind is np.int64 and array.dtype.kind == 'f' and not np.array_equal(array, np.trunc(array)):
        raise ValueError(f'{where} must hold whole numbers, got {array[array != np.trunc(array)][0]}')
    return array.astype(field.kind)


def _shape(field: Field) -> str:
    return f'shape ({", ".join(["people", *map(str, field.shape)])})'
