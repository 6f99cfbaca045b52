"""The first stage by networks: who is in each frame of a chunk, in 2D, by detector and top-down net.

Shapes: N people of a frame, K = 17 MuPoTS joints. Pixels of the full image.
"""

from __future__ import annotations

import numpy as np
import torch
from torchvision.ops import nms

from mmp3d.geometry.boxes import boxes_around
from mmp3d.models.estimators import MultiPersonTopDownEstimator
from mmp3d.pipeline.clip_frames import Chunk, ClipFrame
from mmp3d.pipeline.detection import Detections, PersonDetector, usable_boxes
from mmp3d.pipeline.given_people import People2D, given_people, nobody_in_2d
from mmp3d.pipeline.stage_memory import digest
from mmp3d.pipeline.stage_store import module_digest
from mmp3d.pipeline.top_down_2d import find_people
from mmp3d.stage_profile import stage

BLANK = np.zeros((1, 1, 3), np.uint8)


class TopDownPeople:
    """Boxes, then everybody in them, once (:func:`~mmp3d.pipeline.find_people`).

    Args:
        network: With its weights, in evaluation mode.
        detector: Where people are; None: the boxes around the poses that the frames bring along.
        padding: Enlargement of the boxes.
        threshold: OKS above which people found through different boxes are one.
        batch_size: Crops a batch.
        box_overlap: IoU with the box of a surer pose above which one of these boxes is left out; 1: none is.

    Raises:
        ValueError: The detector lacks a method; names it.
    """

    def __init__(
        self,
        network: MultiPersonTopDownEstimator,
        detector: PersonDetector | None = None,
        padding: float = 1.25,
        threshold: float = 0.85,
        batch_size: int = 32,
        box_overlap: float = 1.0,
    ) -> None:
        _check_detector(detector)
        self.network, self.detector, self.box_overlap = network, detector, box_overlap
        self.padding, self.threshold, self.batch_size = padding, threshold, batch_size

    def find(self, chunk: Chunk) -> list[People2D]:
        """See :class:`PeopleFinder`."""
        with stage('detection', len(chunk.frames)):
            found = [self._boxes(*pair) for pair in zip(chunk.frames, chunk.images, strict=True)]
        boxes, scores = zip(*found, strict=True)
        images = [BLANK if image is None else image for image in chunk.images]
        people = find_people(images, boxes, self.network, scores, self.padding, self.batch_size, self.threshold)
        return [{name: np.asarray(each[name], np.float32) for name in nobody_in_2d()} for each in people]

    def digest(self) -> str:
        """See :class:`PeopleFinder`."""
        where = f'given {self.box_overlap}' if self.detector is None else self.detector.digest()
        return digest('top_down', module_digest(self.network), self.padding, self.threshold, where)

    def _boxes(self, frame: ClipFrame, image: np.ndarray | None) -> Detections:
        if image is None:
            return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
        if self.detector is not None:
            return self.detector.detect(image, frame.frame_id)
        given = given_people(frame)
        found = given['keypoint_scores'] > 0
        mean = given['keypoint_scores'].sum(axis=1) / np.maximum(found.sum(axis=1), 1)
        around = boxes_around(given['keypoints'], found)[found.any(axis=1)]
        boxes, scores = usable_boxes(around, mean[found.any(axis=1)], image.shape[:2])
        if self.box_overlap >= 1:
            return Detections(boxes, scores)
        kept = nms(torch.from_numpy(boxes), torch.from_numpy(scores), self.box_overlap).numpy()
        return Detections(boxes[kept], scores[kept])


def _check_detector(detector: PersonDetector | None) -> None:
    """Refuse at once what would fail within the first clip."""
    if detector is None:
        return
    missing = [name for name in ('detect', 'digest') if not callable(getattr(detector, name, None))]
    if missing:
        raise ValueError(
            f'detector: expected the methods detect(image, frame_id) and digest(), got {type(detector).__name__} '
            f'without {" and ".join(missing)}; see mmp3d.pipeline.PersonDetector'
        )
