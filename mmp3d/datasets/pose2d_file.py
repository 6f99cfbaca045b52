"""2D poses from a file, to be given to the network beside the image.

Shapes: I images, S people of all images, M people of one image, K = 17 joints of MuPoTS-17, J joints in the file.
Pixels of the full image.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmp3d.datasets.columns import Columns, Field
from mmp3d.datasets.json_file import read_json
from mmp3d.datasets.report import warn
from mmp3d.datasets.table import ImageTable
from mmp3d.geometry import COCO17, MUPOTS17, SKELETONS, Skeleton

FORMAT = 'mmp3d-poses2d'
KEYS = ('file_name', 'img_id', 'frame_id')
PERSON_CATEGORY = 1
EXPECTED = (
    f'a JSON object {{"format": "{FORMAT}", "joint_set", "images": [...]}}, a COCO results list, '
    'or an object {"frames": [{"frame", "persons"}]}'
)

Poses = tuple[np.ndarray, np.ndarray]


class Poses2D(dict[int | str, Poses]):
    """Image key to ((M, K, 2) px, (M, K) scores in [0, 1]).

    Attributes:
        key: What the keys are: ``'file_name'``, ``'img_id'`` or ``'frame_id'``.
        path: File that the poses come from.
    """

    def __init__(self, poses: dict[int | str, Poses], key: str, path: str | Path) -> None:
        super().__init__(poses)
        self.key = key
        self.path = path

    def for_images(self, images: ImageTable) -> GivenPoses:
        """The poses in the order of a data set's images; an image without an entry has nobody.

        Raises:
            ValueError: No image has an entry, or frame numbers are used for more than one sequence.
        """
        if self.key == 'frame_id' and len(np.unique(images.seq_names)) > 1:
            raise ValueError(
                f'{self.path}: names frames, but not of which sequence, and the data set has several; write the file '
                f'as {FORMAT!r} with "file_name"'
            )
        found = [self.get(self._key_of(images, row)) for row in range(len(images))]
        missing = sum(poses is None for poses in found)
        if missing == len(found):
            raise ValueError(f'{self.path}: none of its {len(self)} {self.key}s is an image of the data set')
        if missing:
            warn(f'{self.path}: no entry for {missing} of {len(found)} images; the network is given nobody there')
        given = [poses for poses in found if poses is not None]
        counts = [0 if poses is None else len(poses[0]) for poses in found]
        return GivenPoses(
            np.concatenate([keypoints for keypoints, _ in given]),
            np.concatenate([scores for _, scores in given]),
            np.concatenate([[0], np.cumsum(counts)]),
        )

    def _key_of(self, images: ImageTable, row: int) -> int | str:
        if self.key == 'file_name':
            return images.name(row)
        return int((images.img_ids if self.key == 'img_id' else images.frame_ids)[row])


@dataclass(eq=False)
class GivenPoses:
    """Poses of all images: (S, K, 2) px, (S, K) scores and (I + 1,) first person of each image."""

    keypoints: np.ndarray
    scores: np.ndarray
    offsets: np.ndarray

    def row(self, row: int) -> Poses:
        """Fresh (M, K, 2) px and (M, K) scores of one image."""
        people = slice(self.offsets[row], self.offsets[row + 1])
        return self.keypoints[people].copy(), self.scores[people].copy()


def read_pose2d_file(path: str | Path) -> Poses2D:
    """Read 2D poses in any of the accepted formats (see ``docs/datasets.md``) as MuPoTS-17.

    Joints that the file's joint set neither has nor implies get score 0, and so do joints whose coordinates are not
    finite. A mid-point's score is the mean of its two joints'.

    Args:
        path: JSON file.

    Returns:
        The poses by image.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is not in one of the formats; names file, record and field.
    """
    content = _load(path)
    if isinstance(content, list):
        return _from_coco_results(path, content)
    if isinstance(content, dict) and content.get('format') == FORMAT:
        return _from_own_format(path, content)
    if isinstance(content, dict) and 'frames' in content:
        return _from_frames(path, content['frames'])
    raise ValueError(f'{path}: expected {EXPECTED}; found {_outline(content)}')


def _load(path: str | Path) -> Any:
    if not Path(path).is_file():
        raise FileNotFoundError(f'pose2d_file {path} does not exist; expected {EXPECTED}')
    return read_json(path)


def _outline(content: Any) -> str:
    return f'an object with {sorted(content)[:8]}' if isinstance(content, dict) else type(content).__name__


def _from_coco_results(path: str | Path, results: list[Any]) -> Poses2D:
    columns = Columns(
        path,
        'results',
        {
            'image_id': Field((), np.int64),
            'category_id': Field((), np.int64, default=PERSON_CATEGORY),
            'keypoints': Field((COCO17.num_joints, 3), also_flat=True),
        },
    )
    columns.add(results)
    table = columns.take()
    people = table['category_id'] == PERSON_CATEGORY
    ids, persons = table['image_id'][people], table['keypoints'][people]
    order = np.argsort(ids, kind='stable')
    keys, starts = np.unique(ids[order], return_index=True)
    return _grouped(path, 'img_id', keys.tolist(), [*starts, len(order)], persons[order], COCO17)


def _from_frames(path: str | Path, frames: Any) -> Poses2D:
    table = _columns(path, 'frames', frames, {'frame': Field((), np.int64)})
    persons, counts = _people_of(path, 'frames', frames, 'persons')
    fields = {
        'keypoints': Field((COCO17.num_joints, 2)),
        'scores': Field((COCO17.num_joints,), default=[1.0] * COCO17.num_joints),
    }
    values = _columns(path, 'persons', persons, fields)
    joined = np.concatenate([values['keypoints'], values['scores'][..., None]], axis=-1)
    return _grouped(path, 'frame_id', table['frame'].tolist(), _starts(counts), joined, COCO17)


def _from_own_format(path: str | Path, content: dict) -> Poses2D:
    name = content.get('joint_set', MUPOTS17.name)
    if not isinstance(name, str) or name not in SKELETONS:
        raise ValueError(f'{path}: field "joint_set" must be one of {sorted(SKELETONS)}, got {name!r:.60}')
    skeleton, images = SKELETONS[name], content.get('images')
    _columns(path, 'images', images, {})
    usable = [key for key in KEYS if images and all(isinstance(image, dict) and key in image for image in images)]
    key = usable[0] if usable else KEYS[0]
    keys = _columns(path, 'images', images, {key: Field((), bytes if key == 'file_name' else np.int64)})[key].tolist()
    if key == 'file_name':
        keys = [each.decode('utf-8', 'surrogatepass') for each in keys]
    persons, counts = _people_of(path, 'images', images, 'people')
    fields = {'keypoints': Field((skeleton.num_joints, 3))}
    people = _columns(path, 'people', persons, fields)['keypoints']
    return _grouped(path, key, keys, _starts(counts), people, skeleton)


def _people_of(path: str | Path, kind: str, records: list[dict], name: str) -> tuple[list[Any], list[int]]:
    """The people of all records in one list, and how many each record has."""
    persons, counts = [], []
    for index, record in enumerate(records):
        found = record.get(name)
        if not isinstance(found, list):
            raise ValueError(f'{path}: {kind}[{index}] lacks the list "{name}", it has {sorted(record)}')
        persons += found
        counts.append(len(found))
    return persons, counts


def _columns(path: str | Path, kind: str, records: Any, fields: dict[str, Field]) -> dict[str, np.ndarray]:
    if not isinstance(records, list):
        raise ValueError(f'{path}: field {kind!r} must be a list, got {type(records).__name__}')
    columns = Columns(path, kind, fields)
    columns.add(records)
    return columns.take()


def _starts(counts: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def _grouped(path: str | Path, key: str, keys: list, starts: Any, people: np.ndarray, skeleton: Skeleton) -> Poses2D:
    if len(set(keys)) != len(keys):
        raise ValueError(f'{path}: a {key} occurs twice; each image must have one entry with all its people')
    valid = np.isfinite(people).all(axis=-1) & (people[..., 2] > 0)
    converted, _ = skeleton.convert(people, valid, MUPOTS17)
    keypoints, scores = converted[..., :2], np.clip(converted[..., 2], 0, 1)
    spans = zip(keys, starts[:-1], starts[1:], strict=True)
    poses = {each: (keypoints[start:end], scores[start:end]) for each, start, end in spans}
    return Poses2D(poses, key, path)
