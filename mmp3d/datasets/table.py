"""Annotations of a whole data set as flat arrays, and one image of it as a data item.

Shapes: I images, P people of all images, N people of one image, K = 17 joints of MuPoTS-17. Pixels of the full image,
millimetres in the camera frame. Flat arrays cost a tenth of the memory of a list of dicts, and worker processes share
them without copies.
"""

from __future__ import annotations

import pickle
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
    """

    img_ids: np.ndarray
    file_names: np.ndarray
    sizes: np.ndarray
    seq_names: np.ndarray
    frame_ids: np.ndarray
    intrinsics: np.ndarray
    poses: np.ndarray | None = None

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
        pose = {} if self.poses is None else {'R': self.poses[index, :9].reshape(3, 3), 't': self.poses[index, 9:]}
        return Camera.from_intrinsics((fx, fy), (cx, cy), self.sizes[index], source='given', **pose)


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
    """Small Python lists by row, pickled so that worker processes share them; most rows are empty."""

    def __init__(self, lists: dict[int, list] | None = None) -> None:
        lists = lists or {}
        packed = [np.frombuffer(pickle.dumps(lists[row]), np.uint8) for row in sorted(lists)]
        self._rows = np.array(sorted(lists), np.int64)
        self._ends = np.cumsum([len(each) for each in packed], dtype=np.int64)
        self._bytes = np.concatenate(packed) if packed else np.zeros(0, np.uint8)

    def row(self, row: int) -> list:
        """The list of a row, [] where there is none."""
        at = int(np.searchsorted(self._rows, row))
        if at == len(self._rows) or self._rows[at] != row:
            return []
        start = self._ends[at - 1] if at else 0
        return pickle.loads(self._bytes[start : self._ends[at]].tobytes())


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
        )
        return item
