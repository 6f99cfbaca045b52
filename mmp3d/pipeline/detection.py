"""Where the people of a frame are: detectors behind one protocol, stock mmdet or boxes and poses that are given.

Shapes: H W image, M people. Pixels of the full image, corners x1, y1, x2, y2.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from mmengine.registry import DefaultScope

from mmp3d.compat.checkpoint import load_weights, meta_of
from mmp3d.datasets.poses2d import Poses2D
from mmp3d.engine.device import checked_device
from mmp3d.geometry.boxes import boxes_around
from mmp3d.pipeline.pose_frames import frames_of
from mmp3d.pipeline.stage_memory import digest
from mmp3d.pipeline.stage_store import module_digest

# mmdet's stock configuration and its published weights.
DEFAULT_CONFIG = 'mask_rcnn/mask-rcnn_r50_fpn_2x_coco.py'
DEFAULT_WEIGHTS = (
    'https://download.openmmlab.com/mmdetection/v2.0/mask_rcnn/mask_rcnn_r50_fpn_2x_coco/'
    'mask_rcnn_r50_fpn_2x_coco_bbox_mAP-0.392__segm_mAP-0.354_20200505_003907-3e542a40.pth'
)


class Detections(NamedTuple):
    """People of a frame: ``boxes`` (M, 4) px and ``scores`` (M,), both float32."""

    boxes: np.ndarray
    scores: np.ndarray


class PersonDetector(Protocol):
    """Anything that finds the people of a frame."""

    def detect(self, image: np.ndarray, frame_id: int) -> Detections:
        """The people of one frame.

        Args:
            image: (H, W, 3) uint8 BGR.
            frame_id: Its number in the video.
        """
        ...

    def digest(self) -> str:
        """Digest of what the result depends on, beside the picture."""
        ...


class MMDetPersonDetector:
    """Any detector of mmdet, Mask R-CNN without arguments.

    Args:
        config: Config file, or the name of one that mmdet brings along, such as ``'yolox/yolox_s_8xb8-300e_coco.py'``.
        weights: Checkpoint file or address; None for random weights.
        device: For example ``'cuda:0'``.
        score_thr: People with a lower score are left out.

    Raises:
        FileNotFoundError: No such config or checkpoint.
        ValueError: No such device, the checkpoint is another model's, or the detector knows no class ``'person'``.
    """

    def __init__(
        self,
        config: str | Path = DEFAULT_CONFIG,
        weights: str | Path | None = DEFAULT_WEIGHTS,
        device: str = 'cpu',
        score_thr: float = 0.3,
    ) -> None:
        device = str(checked_device(device))
        self._apis = import_module('mmdet.apis')
        self.score_thr = score_thr
        with _mmdet_scope():
            self.model = self._apis.init_detector(str(_config_file(config)), None, palette='coco', device=device)
        if weights is not None:
            meta = meta_of(load_weights(self.model, weights))
            given = {key.lower(): value for key, value in (meta.get('dataset_meta') or meta).items()}
            self.model.dataset_meta = {**self.model.dataset_meta, **given}
        classes = tuple(self.model.dataset_meta['classes'])
        if 'person' not in classes:
            raise ValueError(f'{config}: the detector knows no class "person", but {classes[:5]}; take one that does')
        self._person = classes.index('person')

    def detect(self, image: np.ndarray, frame_id: int) -> Detections:
        """See :class:`PersonDetector`."""
        with _mmdet_scope():
            found = self._apis.inference_detector(self.model, image).pred_instances.numpy()
        people = (found.labels == self._person) & (found.scores >= self.score_thr)
        return usable_boxes(found.bboxes[people], found.scores[people], image.shape[:2])

    def digest(self) -> str:
        """See :class:`PersonDetector`."""
        return digest('mmdet', module_digest(self.model), self.score_thr)


class GivenBoxes:
    """Boxes that the user knows.

    Args:
        boxes: Frame number to (M, 4) px or (M, 5) with scores; a frame without an entry has nobody.

    Raises:
        ValueError: An entry has another shape; names the frame.
    """

    def __init__(self, boxes: Mapping[int, np.ndarray]) -> None:
        self._boxes = {}
        for frame_id, rows in boxes.items():
            rows = np.asarray(rows, np.float32)
            rows = rows.reshape(0, 4) if rows.size == 0 else rows
            if rows.ndim != 2 or rows.shape[1] not in (4, 5):
                raise ValueError(f'boxes of frame {frame_id} must have shape (people, 4 or 5), got {rows.shape}')
            self._boxes[frame_id] = rows

    def detect(self, image: np.ndarray, frame_id: int) -> Detections:
        """See :class:`PersonDetector`."""
        rows = self._boxes.get(frame_id, np.zeros((0, 4), np.float32))
        scores = rows[:, 4] if rows.shape[1] == 5 else np.ones(len(rows), np.float32)
        return usable_boxes(rows[:, :4], scores, image.shape[:2])

    def digest(self) -> str:
        """See :class:`PersonDetector`."""
        return digest('given boxes', *(part for pair in sorted(self._boxes.items()) for part in pair))


class BoxesOfPoses(GivenBoxes):
    """Boxes around 2D poses that the user knows; a person's score is the mean of the joints found.

    Args:
        poses: See :func:`mmp3d.datasets.read_pose2d_file`.
    """

    def __init__(self, poses: Poses2D) -> None:
        boxes = {}
        for frame_id, keypoints, scores, _ in frames_of(poses):
            found = scores > 0
            mean = scores.sum(axis=1) / np.maximum(found.sum(axis=1), 1)
            boxes[frame_id] = np.column_stack([boxes_around(keypoints, found), mean])[found.any(axis=1)]
        super().__init__(boxes)


def usable_boxes(boxes: np.ndarray, scores: np.ndarray, image_shape: tuple[int, int]) -> Detections:
    """The boxes cut at the image's border; one that is not finite, has no area or lies outside is left out.

    Args:
        boxes: (M, 4) px.
        scores: (M,).
        image_shape: Height and width.
    """
    height, width = image_shape
    finite = np.isfinite(boxes).all(axis=1) & np.isfinite(scores)
    cut = np.clip(np.where(finite[:, None], boxes, 0), 0, [width, height, width, height])
    good = finite & (cut[:, 2:] > cut[:, :2]).all(axis=1)
    return Detections(cut[good].astype(np.float32), scores[good].astype(np.float32))


def _mmdet_scope() -> AbstractContextManager:
    """mmengine's scope is global: mmdet's inside, the caller's again afterwards."""
    return DefaultScope.overwrite_default_scope('mmdet')


def _config_file(config: str | Path) -> Path:
    shipped = Path(import_module('mmdet').__file__).parent / '.mim' / 'configs' / config
    for path in (Path(config), shipped):
        if path.is_file():
            return path
    raise FileNotFoundError(f'detector config {config} is neither a file nor one of mmdet (looked for {shipped})')
