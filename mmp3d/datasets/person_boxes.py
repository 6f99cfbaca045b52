"""A multi-person data set box by box, for the top-down branch: each item is one box, with all people of its image.

Shapes: D boxes of all images, N people of one image, K = 17 MuPoTS joints. Pixels of the full image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset, force_full_init
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import DATASETS

from mmp3d.datasets.box_file import DetectedBoxes, read_box_file
from mmp3d.datasets.report import warn
from mmp3d.datasets.seeded_items import SeededItems
from mmp3d.datasets.table import PERSON_KEYS, Annotations
from mmp3d.geometry import MUPOTS17

NOBODY = -1


@DATASETS.register_module()
class PersonBoxDataset(SeededItems, BaseDataset):
    """Top-down form of a :class:`~mmp3d.datasets.base.MultiPersonDataset`.

    An item is that of the data set, and ``crop_box`` (4,) xyxy px, ``crop_score`` and an ``id`` of its own. The box's
    own person is the first in all arrays; the other people of the image follow, since a crop may show them too. With
    ``bbox_file`` nobody knows whose box it is: people keep their order.

    Args:
        dataset: Config of the data set, without a pipeline.
        bbox_file: Boxes of a detector (COCO results), for testing; None: the annotated ones.
        bbox_score: Boxes of the file with a smaller score are left out.
        min_joints: In training, boxes of people with fewer labelled joints are left out.
        pipeline: Transforms.
        test_mode: No item is dropped or replaced; handed to the data set too.
        indices: First n boxes (int) or the given ones.
        lazy_init: Read the files only when an item or the length is asked for.
        max_refetch: How many other items training tries in place of an unusable one.

    Raises:
        FileNotFoundError, ValueError: As the data set and ``read_box_file`` do; or the data set's annotations are not
            in one table, or no box is left.
    """

    METAINFO = MUPOTS17.metainfo('person_boxes')

    def __init__(
        self,
        dataset: dict,
        bbox_file: str | None = None,
        bbox_score: float = 0.0,
        min_joints: int = 3,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        indices: int | Sequence[int] | None = None,
        lazy_init: bool = False,
        max_refetch: int = 1000,
    ) -> None:
        if bbox_file and not test_mode:
            raise ValueError('bbox_file is for testing (test_mode=True): nobody knows whose boxes those are')
        self.dataset = DATASETS.build(dict(dataset, test_mode=test_mode, lazy_init=True))
        self.bbox_file = bbox_file
        self.bbox_score = bbox_score
        self.min_joints = min_joints
        super().__init__(
            metainfo=self.METAINFO,
            serialize_data=False,
            pipeline=list(pipeline),
            test_mode=test_mode,
            indices=indices,
            lazy_init=lazy_init,
            max_refetch=max_refetch,
        )

    def load_data_list(self) -> np.ndarray:
        """(D, 3) int: item of the data set, place of the own person in it, place of the box among all."""
        self.dataset.full_init()
        annotations = self.dataset.annotations
        if not isinstance(annotations, Annotations):
            raise ValueError(f'{type(self.dataset).__name__} cannot be served box by box: it has no table of people')
        self.boxes = self._detected(annotations) if self.bbox_file else None
        rows = self._annotated(annotations) if self.boxes is None else self._of_file(annotations)
        if not len(rows):
            raise ValueError(
                f'{self.bbox_file or self.dataset.source}: no box is left (min_joints={self.min_joints}, '
                f'bbox_score={self.bbox_score})'
            )
        return rows

    @force_full_init
    def get_data_info(self, idx: int) -> dict[str, Any]:
        """The item at ``idx`` before the transforms, in fresh arrays."""
        image, person, place = (int(number) for number in self.data_list[idx])
        item = self.dataset.get_data_info(image)
        if self.boxes is None:
            order = np.argsort(np.arange(len(item['bbox'])) != person, kind='stable')
            item.update({key: item[key][order] for key in PERSON_KEYS})
            item.update(crop_box=item['bbox'][0].copy(), crop_score=1.0)
        else:
            box, score = self.boxes.boxes[place], self.boxes.scores[place]
            item.update(crop_box=box.astype(np.float32), crop_score=float(score))
        item.update(id=place, sample_idx=idx % len(self))
        return item

    def _annotated(self, annotations: Annotations) -> np.ndarray:
        images = np.asarray(self.dataset.data_list)
        first, count = annotations.offsets[images], np.diff(annotations.offsets)[images]
        item = np.repeat(np.arange(len(images)), count)
        person = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        place = first[item] + person
        joints = (annotations.people.keypoints_visible[place] > 0).sum(axis=1)
        rows = np.stack([item, person, place], axis=1)
        return rows if self.test_mode else rows[joints >= self.min_joints]

    def _detected(self, annotations: Annotations) -> DetectedBoxes:
        boxes = read_box_file(self.dataset._find(self.bbox_file), self.bbox_score)
        unknown = ~np.isin(boxes.img_ids, annotations.images.img_ids)
        if unknown.any():
            warn(f'{self.bbox_file}: {unknown.sum()} of {len(unknown)} boxes are of images that the data set lacks')
        return boxes

    def _of_file(self, annotations: Annotations) -> np.ndarray:
        images = np.asarray(self.dataset.data_list)
        ids = annotations.images.img_ids[images]
        order = np.argsort(ids)
        at = np.searchsorted(ids[order], self.boxes.img_ids).clip(max=len(ids) - 1)
        item = order[at]
        place = np.flatnonzero(ids[item] == self.boxes.img_ids)
        return np.stack([item[place], np.full(len(place), NOBODY), place], axis=1)

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        return parse_pose_metainfo(metainfo)
