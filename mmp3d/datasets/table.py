"""Annotations of a whole data set as flat arrays, and one image of it as a data item.

Shapes: I images, P people of all images, N people of one image, K = 17 joints of MuPoTS-17. Pixels of the full image,
millimetres in the camera frame. Flat arrays cost a tenth of the memory of a list of dicts, and worker processes share
them without copies.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from mmp3d.geometry import MUPOTS17, Camera


@dataclass(eq=False)
class ImageTable:
    """One row per image.

    Args:
        img_ids: (I,) int64, unique.
        file_names: (I,) UTF-8 bytes, relative to the image folder.
        sizes: (I, 2) int, width and height.
        seq_names: (I,) UTF-8 bytes.
        frame_ids: (I,) int, place of the image in its sequence, from 0.
        intrinsics: (I, 4) fx, fy, cx, cy px; NaN where the camera is not known.
        poses: (I, 12) R row by row, then t in mm (world to camera); None where the data set has none.
        distortions: (I, 5) coefficients of the lens; None where the data set has none.
        distortion_model: Formula of the lens, see :class:`~mmp3d.geometry.Camera`.
        labels: What else an item says of its image, by its key there: (I,) whole numbers or UTF-8 bytes.
    """

    img_ids: np.ndarray
    file_names: np.ndarray
    sizes: np.ndarray
    seq_names: np.ndarray
    frame_ids: np.ndarray
    intrinsics: np.ndarray
    poses: np.ndarray | None = None
    distortions: np.ndarray | None = None
    distortion_model: str = 'opencv'
    labels: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.img_ids)

    def name(self, index: int) -> str:
        """Relative file name of an image."""
        return self.file_names[index].decode('utf-8', 'surrogatepass')

    def camera(self, index: int) -> Camera | None:
        """The image's camera, None where it is not known."""
        fx, fy, cx, cy = self.intrinsics[index]
        if np.isnan(fx):
            return None
        parts = {} if self.poses is None else {'R': self.poses[index, :9].reshape(3, 3), 't': self.poses[index, 9:]}
        if self.distortions is not None:
            parts |= {'distortion': self.distortions[index], 'distortion_model': self.distortion_model}
        return Camera.from_intrinsics((fx, fy), (cx, cy), self.sizes[index], source='given', **parts)

    def projected(self, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Where cameras of images see points of people, without a loop over the images.

        Args:
            points: (P, K, 3) mm in the camera frame.
            rows: (P,) image of each person; every image's camera is known.

        Returns:
            (P, K, 2) px, NaN where a point is not in front of the camera.
        """
        cameras = [self.intrinsics] if self.distortions is None else [self.intrinsics, self.distortions]
        kinds, kind = np.unique(np.concatenate(cameras, axis=1)[rows], axis=0, return_inverse=True)
        pixels = np.full((*points.shape[:2], 2), np.nan)
        for number in range(len(kinds)):
            chosen = kind.ravel() == number
            pixels[chosen] = self.camera(rows[chosen.argmax()]).project(points[chosen])
        return pixels

    def label(self, name: str, index: int) -> int | str:
        """One of an image's labels as a number or text."""
        value = self.labels[name][index]
        return value.decode('utf-8', 'surrogatepass') if isinstance(value, bytes) else int(value)


@dataclass(eq=False)
class PersonTable:
    """One row per person, sorted by image; fields are those of a data item.

    ``keypoints_cam_univ`` is None where it equals ``keypoints_cam``.
    """

    bbox: np.ndarray
    keypoints: np.ndarray
    keypoints_visible: np.ndarray
    keypoints_cam: np.ndarray
    keypoints_3d_valid: np.ndarray
    keypoints_occluded: np.ndarray
    person_valid: np.ndarray
    track_ids: np.ndarray
    keypoints_cam_univ: np.ndarray | None = None

    def rows(self, rows: slice) -> dict[str, np.ndarray]:
        """Some people as fresh arrays in the types of a data item."""
        item = {}
        for column in fields(self):
            values = getattr(self, column.name)
            if values is not None:
                kind = np.int64 if column.name == 'track_ids' else np.float32
                item[column.name] = values[rows].astype(kind)
        item.setdefault('keypoints_cam_univ', item['keypoints_cam'].copy())
        item['bbox_score'] = np.ones(len(item['bbox']), np.float32)
        return item

    def is_labelled(self) -> np.ndarray:
        """(P,) bool: the person has a joint to learn or score, in 2D or 3D."""
        return (self.keypoints_visible.astype(bool) | self.keypoints_3d_valid.astype(bool)).any(axis=1)


PERSON_KEYS = (*(column.name for column in fields(PersonTable)), 'bbox_score')


class PackedLists:
    """Small Python lists by row, as JSON in one array so that worker processes share them; most rows are empty."""

    def __init__(self, lists: dict[int, list] | None = None) -> None:
        lists = lists or {}
        packed = [json.dumps(lists[row]).encode() for row in sorted(lists)]
        self._rows = np.array(sorted(lists), np.int64)
        self._ends = np.cumsum([len(each) for each in packed], dtype=np.int64)
        self._bytes = np.frombuffer(b''.join(packed), np.uint8)

    @classmethod
    def from_arrays(cls, rows: np.ndarray, ends: np.ndarray, packed: np.ndarray) -> PackedLists:
        """Inverse of :meth:`to_arrays`."""
        lists = cls()
        lists._rows, lists._ends, lists._bytes = rows, ends, packed
        return lists

    def to_arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows that have a list, where each list ends, and the text of all."""
        return self._rows, self._ends, self._bytes

    def row(self, row: int) -> list:
        """The list of a row, [] where there is none."""
        at = int(np.searchsorted(self._rows, row))
        if at == len(self._rows) or self._rows[at] != row:
            return []
        start = self._ends[at - 1] if at else 0
        return json.loads(self._bytes[start : self._ends[at]].tobytes())


@dataclass(eq=False)
class Annotations:
    """Images, their people and the regions of people without labels.

    Args:
        images: I images.
        people: P people, sorted by image.
        offsets: (I + 1,) first person of each image.
        invalid_segs: Image row to COCO segmentations of people that are not to be learnt.
        joints_annotated: (K,) 1 for joints that this data set annotates at all.
    """

    images: ImageTable
    people: PersonTable
    offsets: np.ndarray
    invalid_segs: PackedLists = field(default_factory=PackedLists)
    joints_annotated: np.ndarray = field(default_factory=lambda: np.ones(MUPOTS17.num_joints, np.float32))

    def __deepcopy__(self, memo: dict) -> Annotations:
        # The tables are never written to; subsets of a data set share them.
        return self

    def has_people(self) -> np.ndarray:
        """(I,) bool: somebody in the image has a labelled joint."""
        labelled = np.concatenate([[0], np.cumsum(self.people.is_labelled())])
        return labelled[self.offsets[1:]] > labelled[self.offsets[:-1]]

    def identity_defects(self) -> tuple[np.ndarray, np.ndarray]:
        """(I,) bool: somebody in the image has no identity; and: two people in it have the same."""
        rows, tracks = np.repeat(np.arange(len(self.images)), np.diff(self.offsets)), self.people.track_ids
        order = np.lexsort((tracks, rows))
        same = (np.diff(rows[order]) == 0) & (np.diff(tracks[order]) == 0)
        unknown, shared = np.zeros((2, len(self.images)), bool)
        unknown[rows[tracks < 0]] = True
        shared[rows[order[1:]][same]] = True
        return unknown, shared

    def item(self, index: int) -> dict[str, Any]:
        """One image with all its people, as the data contract has it (without the data set's own fields)."""
        images = self.images
        width, height = (int(side) for side in images.sizes[index])
        item = self.people.rows(slice(self.offsets[index], self.offsets[index + 1]))
        item.update(
            id=index,
            img_id=int(images.img_ids[index]),
            seq_name=images.seq_names[index].decode('utf-8', 'surrogatepass'),
            frame_id=int(images.frame_ids[index]),
            img_shape=(height, width),
            camera=images.camera(index),
            invalid_segs=self.invalid_segs.row(index),
            joints_annotated=self.joints_annotated.copy(),
            **{name: images.label(name, index) for name in images.labels},
        )
        return item
