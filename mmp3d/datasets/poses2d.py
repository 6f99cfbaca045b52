"""2D poses by image, whatever file they come from: the shared result of all readers.

Shapes: I images, S people of all images, M people of one image, K = 17 joints of MuPoTS-17, J joints in the file.
Pixels of the full image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmp3d.datasets.columns import Columns, Field
from mmp3d.datasets.report import warn
from mmp3d.datasets.table import ImageTable
from mmp3d.geometry import MUPOTS17, Skeleton

Poses = tuple[np.ndarray, np.ndarray]


class Poses2D(dict[int | str, Poses]):
    """Image key to ((M, K, 2) px, (M, K) scores in [0, 1]).

    Attributes:
        key: What the keys are: ``'file_name'``, ``'img_id'`` or ``'frame_id'``.
        path: File or folder that the poses come from.
        track_ids: Image key to (M,) whom the file says that the people are; None where it does not say so of everyone.
    """

    def __init__(
        self,
        poses: dict[int | str, Poses],
        key: str,
        path: str | Path,
        track_ids: dict[int | str, np.ndarray] | None = None,
    ) -> None:
        super().__init__(poses)
        self.key = key
        self.path = path
        self.track_ids = track_ids

    def for_images(self, images: ImageTable) -> GivenPoses:
        """The poses in the order of a data set's images; an image without an entry has nobody.

        Raises:
            ValueError: No image has an entry, or frame numbers are used for more than one sequence.
        """
        if self.key == 'frame_id' and len(np.unique(images.seq_names)) > 1:
            raise ValueError(
                f'{self.path}: names frames, but not of which sequence, and the data set has several; write the file '
                'as "mmp3d-poses2d" with "file_name"'
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


def group_people(
    path: str | Path,
    key: str,
    keys: Sequence,
    starts: Sequence[int],
    people: np.ndarray,
    skeleton: Skeleton,
    track_ids: np.ndarray | None = None,
) -> Poses2D:
    """Convert the people of a file to MuPoTS-17 and group them by image.

    Args:
        path: Where they come from.
        key: What ``keys`` are, see :class:`Poses2D`.
        keys: I keys, each once.
        starts: (I + 1,) first person of each image.
        people: (S, J, 3) x, y and score.
        skeleton: Their joint set.
        track_ids: (S,) whom the file says that they are.

    Raises:
        ValueError: A key occurs twice.
    """
    if len(set(keys)) != len(keys):
        raise ValueError(f'{path}: a {key} occurs twice; each image must have one entry with all its people')
    valid = np.isfinite(people).all(axis=-1) & (people[..., 2] > 0)
    converted, _ = skeleton.convert(people, valid, MUPOTS17)
    keypoints, scores = converted[..., :2], np.clip(converted[..., 2], 0, 1)
    spans = dict(zip(keys, map(slice, starts[:-1], starts[1:]), strict=True))
    poses = {each: (keypoints[span], scores[span]) for each, span in spans.items()}
    ids = None if track_ids is None else {each: track_ids[span] for each, span in spans.items()}
    return Poses2D(poses, key, path, ids)


def group_unsorted_people(
    path: str | Path,
    key: str,
    keys: np.ndarray,
    people: np.ndarray,
    skeleton: Skeleton,
    track_ids: np.ndarray | None = None,
) -> Poses2D:
    """As :func:`group_people`, of (S,) keys with one entry a person, in any order."""
    order = np.argsort(keys, kind='stable')
    found, starts = np.unique(keys[order], return_index=True)
    names = found.tolist()
    if key == 'file_name':
        names = [name.decode('utf-8', 'surrogatepass') for name in names]
    ids = None if track_ids is None else track_ids[order]
    return group_people(path, key, names, [*starts, len(order)], people[order], skeleton, ids)


def people_of(path: str | Path, kind: str, records: list[dict], name: str) -> tuple[list[Any], list[int]]:
    """The people of all records in one list, and how many each record has."""
    persons, counts = [], []
    for index, record in enumerate(records):
        found = record.get(name) if isinstance(record, dict) else None
        if not isinstance(found, list):
            has = sorted(record) if isinstance(record, dict) else type(record).__name__
            raise ValueError(f'{path}: {kind}[{index}] lacks the list "{name}", it has {has}')
        persons += found
        counts.append(len(found))
    return persons, counts


def columns_of(path: str | Path, kind: str, records: Any, fields: dict[str, Field]) -> dict[str, np.ndarray]:
    """The fields of a list of records as arrays. Raises ValueError naming file, record and field."""
    if not isinstance(records, list):
        raise ValueError(f'{path}: field {kind!r} must be a list, got {type(records).__name__}')
    columns = Columns(path, kind, fields)
    columns.add(records)
    return columns.take()


def track_ids_of(path: str | Path, kind: str, records: list[Any], name: str) -> np.ndarray | None:
    """(S,) numbers of the people, None where one of the records has none."""
    if not records or not all(isinstance(record, dict) and record.get(name) is not None for record in records):
        return None
    return columns_of(path, kind, records, {name: Field((), np.int64)})[name]


def starts_of(counts: list[int]) -> np.ndarray:
    """(I + 1,) first person of each image."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
