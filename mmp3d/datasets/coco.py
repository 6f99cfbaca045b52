"""COCO person keypoints: images with all their people, converted to MuPoTS-17, without 3D.

Shapes: P people, S = 17 joints of COCO, K = 17 joints of MuPoTS-17. Pixels of the full image.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from mmpose.registry import DATASETS

from mmp3d.datasets import hygiene
from mmp3d.datasets.base import MultiPersonDataset
from mmp3d.datasets.coco_layout import CocoTable, folders_of, read_coco_table, xywh_to_xyxy
from mmp3d.datasets.coco_segments import usable_segmentation
from mmp3d.datasets.columns import Field
from mmp3d.datasets.report import warn
from mmp3d.datasets.table import Annotations, ImageTable, PackedLists, PersonTable
from mmp3d.geometry import COCO17, MUPOTS17

PERSON_CATEGORY = 1
OCCLUDED = 1
PERSON_FIELDS = {
    'bbox': Field((4,)),
    'keypoints': Field((COCO17.num_joints, 3), also_flat=True),
    'iscrowd': Field((), default=0),
    'category_id': Field((), np.int64, default=PERSON_CATEGORY),
}


@DATASETS.register_module()
class CocoMultiPersonDataset(MultiPersonDataset):
    """COCO person keypoints in bottom-up form.

    Neck and pelvis are the mid-points of shoulders and hips where both are labelled; head top, spine and head do not
    exist in COCO and are never labelled (``joints_annotated`` 0). Crowds, people without a joint that can be used and
    people with an unusable segmentation go to ``invalid_segs``. ``camera`` is None and no 3D is valid.

    Args:
        ann_file: ``annotations/person_keypoints_*.json``, relative to ``data_root``.
        **kwargs: See :class:`MultiPersonDataset`.
    """

    METAINFO = MUPOTS17.metainfo('coco_multi_person')
    REMEDY = (
        'COCO 2017 (images and "person_keypoints" annotations) comes from https://cocodataset.org/#download; '
        '`python tools/make_synthetic.py --format coco --out DATA_ROOT` writes synthetic data in its layout.'
    )

    def load_annotations(self) -> Annotations:
        """Parse the JSON, or take what was parsed before."""
        path = self._require(self.ann_file)
        return self._cached(Path(path).stem, [path], self._parsed)

    def _parsed(self) -> Annotations:
        segmentations = _Segmentations()
        table = read_coco_table(self.ann_file, {}, PERSON_FIELDS, also=segmentations.add)
        people, usable = self._people(table)
        is_person = table.annotations['category_id'] == PERSON_CATEGORY
        invalid = segmentations.take(table, np.flatnonzero(~usable & is_person))
        rows = table.image_rows[usable]
        return Annotations(
            images=_images(table),
            people=people,
            offsets=np.searchsorted(rows, np.arange(len(table.images['id']) + 1)),
            invalid_segs=PackedLists(invalid),
            joints_annotated=(COCO17.conversion_to(MUPOTS17) > 0).any(axis=1).astype(np.float32),
        )

    def _people(self, table: CocoTable) -> tuple:
        """People with a usable joint, and (annotations,) bool: which annotations those are."""
        columns = table.annotations
        marks = columns['keypoints']
        sizes = table.sizes[table.image_rows]
        coordinates, visible, bad = hygiene.clean_2d(marks[..., :2], marks[..., 2] > 0, sizes)
        if bad:
            warn(f'{self.ann_file}: {bad} 2D joints are not finite; not used')
        keypoints, labelled = COCO17.convert(coordinates, visible, MUPOTS17)
        occluded, _ = COCO17.convert(marks[..., 2:] == OCCLUDED, visible, MUPOTS17)
        is_person = columns['category_id'] == PERSON_CATEGORY
        usable = is_person & (columns['iscrowd'] == 0) & labelled.any(axis=1)
        keypoints, labelled = keypoints[usable], labelled[usable]
        count = len(keypoints)
        boxes = xywh_to_xyxy(columns['bbox'][usable])
        people = PersonTable(
            bbox=hygiene.clean_boxes(boxes, keypoints, labelled, sizes[usable]),
            keypoints=keypoints,
            keypoints_visible=labelled,
            keypoints_cam=np.zeros((*labelled.shape, 3), np.float32),
            keypoints_3d_valid=np.zeros(labelled.shape, bool),
            keypoints_occluded=occluded[usable, :, 0] > 0,
            person_valid=np.ones(count, bool),
            track_ids=np.full(count, -1, np.int32),
        )
        return people, usable


class _Segmentations:
    """Keeps the segmentations of crowds and of people without a joint that MuPoTS-17 has; the others are not needed."""

    _body = (COCO17.conversion_to(MUPOTS17) > 0).any(axis=0)

    def __init__(self) -> None:
        self._count = 0
        self._kept: dict[int, Any] = {}

    def add(self, records: list[dict]) -> None:
        for position, record in enumerate(records, self._count):
            # As numbers: a flag that is null is NaN, and no label.
            flags = np.array(record['keypoints'], np.float64).reshape(COCO17.num_joints, 3)[self._body, 2]
            if record.get('iscrowd', 0) or not (flags > 0).any():
                self._kept[position] = record.get('segmentation')
        self._count += len(records)

    def take(self, table: CocoTable, annotations: np.ndarray) -> dict[int, list]:
        """Segmentations of some annotations, by image row."""
        by_image: dict[int, list] = {}
        for row in annotations.tolist():
            found = usable_segmentation(self._kept.get(int(table.order[row])), table.annotations['bbox'][row])
            if found is not None:
                by_image.setdefault(int(table.image_rows[row]), []).append(found)
        return by_image


def _images(table: CocoTable) -> ImageTable:
    names = table.images['file_name']
    return ImageTable(
        img_ids=table.images['id'],
        file_names=names,
        sizes=table.sizes,
        seq_names=folders_of(names),
        frame_ids=np.arange(len(names)),
        intrinsics=np.full((len(names), 4), np.nan),
    )
