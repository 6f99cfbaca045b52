"""Data sets whose item is one image with all its people, annotated in MuPoTS-17 joints.

Shapes: N people, K = 17 joints, M given 2D poses. Pixels of the full image; millimetres in the camera frame (x right,
y down, z forward).
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset, force_full_init
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmp3d.datasets.cache import FOLDER, cached_annotations
from mmp3d.datasets.joined import JoinedAnnotations
from mmp3d.datasets.layout import require, require_images
from mmp3d.datasets.pose2d_file import read_pose2d_file
from mmp3d.datasets.poses2d import GivenPoses
from mmp3d.datasets.report import warn
from mmp3d.datasets.seeded_items import SeededItems
from mmp3d.datasets.table import Annotations, ImageTable

FILTERS = ('filter_empty',)


class MultiPersonDataset(SeededItems, BaseDataset):
    """Base of the multi-person data sets: subclasses parse files, this class serves items.

    An item before the transforms holds ``img_path, img_id, id, seq_name, frame_id, img_shape (h, w), dataset_name,
    flip_indices, test_mode``; ``camera`` (:class:`~mmp3d.geometry.Camera` or None); per person ``bbox (N, 4)`` xyxy,
    ``bbox_score (N,)``, ``keypoints (N, K, 2)`` px, ``keypoints_visible (N, K)`` (1: a 2D label),
    ``keypoints_cam (N, K, 3)`` mm, ``keypoints_cam_univ (N, K, 3)`` mm, ``keypoints_3d_valid (N, K)``,
    ``keypoints_occluded (N, K)``, ``person_valid (N,)``, ``track_ids (N,)`` (-1: unknown); ``invalid_segs`` (list of
    COCO segmentations of people that are not to be learnt); ``joints_annotated (K,)`` (0: the data set never
    annotates this joint); what else a data set knows of an image (Human3.6M: ``action``, ``subject``, ``camera_id``);
    and, with ``pose2d_file``, ``input_keypoints (M, K, 2)`` px and ``input_keypoint_scores (M, K)``. Arrays are
    float32, ids integer. N = 0 and M = 0 are legal.

    Args:
        ann_file: Annotation file, relative to ``data_root``.
        data_root: Folder of the data set.
        data_prefix: ``dict(img=folder of the images)``, relative to ``data_root``.
        frame_stride: Keep every so manieth frame of a sequence, from ``frame_offset`` on.
        frame_offset: Place of the first frame that is kept in its sequence, from 0.
        pose2d_file: 2D poses to give to the network, see :func:`~mmp3d.datasets.pose2d_file.read_pose2d_file`.
            Relative to ``data_root`` if it is found there, else to the working folder.
        pose2d_optional: A missing ``pose2d_file`` is one warning, and the network is given nobody, not an error.
        annotation_cache: Keep parsed annotations for the next run: True: in the folder ``.mmp3d_cache`` of
            ``data_root``; a text: in that folder; False: never.
        needs_images: False where only annotations are wanted: images that are not there are then no error.
        metainfo: Replaces the class's metainfo (mmpose form).
        filter_cfg: ``dict(filter_empty=...)``: drop images in which nobody is annotated. Default: in training only.
        indices: First n items (int) or the given ones.
        pipeline: Transforms.
        test_mode: No item is dropped or replaced.
        lazy_init: Read the files only when an item or the length is asked for.
        max_refetch: How many other items training tries in place of an unreadable one.

    Raises:
        FileNotFoundError: Data root, annotation file or images are not there; says where they should be.
        ValueError: A file or an option is not as it must be; names file, field, found and expected.
    """

    METAINFO: dict = {}
    REMEDY = ''
    IMAGE_FOLDER = ''

    def __init__(
        self,
        ann_file: str = '',
        data_root: str = '',
        data_prefix: dict | None = None,
        frame_stride: int = 1,
        frame_offset: int = 0,
        pose2d_file: str | None = None,
        pose2d_optional: bool = False,
        annotation_cache: bool | str = True,
        needs_images: bool = True,
        metainfo: dict | None = None,
        filter_cfg: dict | None = None,
        indices: int | Sequence[int] | None = None,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
        max_refetch: int = 1000,
    ) -> None:
        if not isinstance(frame_stride, int) or frame_stride < 1:
            raise ValueError(f'frame_stride must be a positive integer, got {frame_stride!r}')
        if not isinstance(frame_offset, int) or frame_offset < 0:
            raise ValueError(f'frame_offset must be a whole number from 0 on, got {frame_offset!r}')
        if unknown := set(filter_cfg or {}) - set(FILTERS):
            raise ValueError(f'filter_cfg knows {FILTERS}, got {sorted(unknown)}')
        self.frame_stride, self.frame_offset = frame_stride, frame_offset
        self.pose2d_file = pose2d_file
        self.pose2d_optional = pose2d_optional
        self.annotation_cache = annotation_cache
        self.needs_images = needs_images
        self.annotations: Annotations | JoinedAnnotations | None = None
        self.given_poses: GivenPoses | None = None
        super().__init__(
            ann_file=ann_file,
            metainfo=metainfo,
            data_root=data_root,
            data_prefix={'img': self.IMAGE_FOLDER, **(data_prefix or {})},
            filter_cfg=filter_cfg,
            indices=indices,
            serialize_data=False,
            pipeline=list(pipeline),
            test_mode=test_mode,
            lazy_init=lazy_init,
            max_refetch=max_refetch,
        )

    def load_annotations(self) -> Annotations | JoinedAnnotations:
        """Parse the data set's files; implemented by each data set."""
        raise NotImplementedError(f'{type(self).__name__} must implement load_annotations')

    def load_data_list(self) -> np.ndarray:
        """Parse the files and return the rows of all images."""
        self.annotations = self.load_annotations()
        images = self.annotations.images
        if not len(images):
            raise ValueError(f'{self.source}: holds no images. {self.REMEDY}')
        if self.needs_images:
            require_images(self.data_prefix['img'], images.name, len(images), self.source, self.REMEDY)
        if self.pose2d_file:
            self.given_poses = self._read_given_poses(images)
        return np.arange(len(images))

    def filter_data(self) -> np.ndarray:
        """Rows that the options leave: stride, sequences, and images with people where asked for."""
        rows = self.data_list[self._kept_images()]
        if (self.filter_cfg or {}).get('filter_empty', not self.test_mode):
            rows = rows[self.annotations.has_people()[rows]]
        if not len(rows):
            raise ValueError(
                f'{self.source}: no image is left by frame_stride={self.frame_stride}, '
                f'frame_offset={self.frame_offset}, filter_cfg={self.filter_cfg} '
                f'(images with nobody in them are left out of training) and the selected sequences'
            )
        return rows

    @force_full_init
    def get_data_info(self, idx: int) -> dict[str, Any]:
        """The item at ``idx`` before the transforms, in fresh arrays."""
        row = int(self.data_list[idx])
        images = self.annotations.images
        item = self.annotations.item(row)
        item['img_path'] = os.path.join(self.data_prefix['img'], images.name(row))
        item['dataset_name'] = self._metainfo['dataset_name']
        item['flip_indices'] = list(self._metainfo['flip_indices'])
        item['sample_idx'] = idx % len(self)
        # The loading transform replaces an unreadable image by a blank one at test, where no item may be missing.
        item['test_mode'] = self.test_mode
        if self.given_poses is not None:
            item['input_keypoints'], item['input_keypoint_scores'] = self.given_poses.row(row)
        return item

    @property
    def source(self) -> str:
        """What the annotations were read from, for messages."""
        return self.ann_file or self.data_prefix['img']

    def _kept_images(self) -> np.ndarray:
        after = self.annotations.images.frame_ids - self.frame_offset
        return (after >= 0) & (after % self.frame_stride == 0)

    def _cached(
        self, name: str, sources: Sequence[str | os.PathLike], build: Callable[[], Annotations], **options: Any
    ) -> Annotations:
        """Annotations of files, parsed only if they were not before; ``options`` are what else they depend on."""
        folder = self.annotation_cache
        if folder is True:
            folder = os.path.join(self.data_root or '', FOLDER)
        options['data_set'] = type(self).__name__
        return cached_annotations(folder or None, f'{type(self).__name__}-{name}', sources, options, build)

    def _read_given_poses(self, images: ImageTable) -> GivenPoses | None:
        path = self._find(self.pose2d_file)
        if self.pose2d_optional and not os.path.exists(path):
            warn(f'no 2D poses at {path}: the network gets the images alone (its input heatmaps are empty)')
            return None
        return read_pose2d_file(path).for_images(images)

    def _find(self, path: str) -> str:
        in_root = os.path.join(self.data_root or '', path)
        return in_root if os.path.exists(in_root) else path

    def _require(self, path: str) -> str:
        return str(require(path, self.data_root, self.REMEDY))

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        return parse_pose_metainfo(copy.deepcopy(cls.METAINFO if metainfo is None else metainfo))
