"""The first stage: who is in each frame of a chunk, in 2D. From poses that are given, or by detector and top-down net.

Shapes: N people of a frame, K = 17 MuPoTS joints. Pixels of the full image.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from mmp3d.datasets.hygiene import boxes_around
from mmp3d.engine.stage_profile import stage
from mmp3d.geometry import MUPOTS17
from mmp3d.models.estimators import MultiPersonTopDownEstimator
from mmp3d.pipeline.clip_frames import Chunk, ClipFrame
from mmp3d.pipeline.detection import Detections, PersonDetector, usable_boxes
from mmp3d.pipeline.stage_store import digest, module_digest
from mmp3d.pipeline.top_down_2d import find_people

K = MUPOTS17.num_joints
BLANK = np.zeros((1, 1, 3), np.uint8)
People2D = Mapping[str, np.ndarray]


class PeopleFinder(Protocol):
    """Anything that finds people in 2D."""

    def find(self, chunk: Chunk) -> list[People2D]:
        """One mapping a frame: ``keypoints`` (N, K, 2) px, ``keypoint_scores`` (N, K), ``bboxes`` (N, 4) or NaN."""
        ...

    def digest(self) -> str:
        """Digest of what the result depends on, beside the frames."""
        ...


class GivenPeople:
    """The 2D poses that the frames bring along; nobody is in a frame without."""

    def find(self, chunk: Chunk) -> list[People2D]:
        """See :class:`PeopleFinder`. Raises ValueError, naming the frame, for poses of another shape."""
        return [_given(frame) for frame in chunk.frames]

    def digest(self) -> str:
        """See :class:`PeopleFinder`."""
        return digest('given')


class TopDownPeople:
    """Boxes, then everybody in them, once (:func:`~mmp3d.pipeline.find_people`).

    Args:
        network: With its weights, in evaluation mode.
        detector: Where people are; None: the boxes around the poses that the frames bring along.
        padding: Enlargement of the boxes.
        threshold: OKS above which people found through different boxes are one.
        batch_size: Crops a batch.
    """

    def __init__(
        self,
        network: MultiPersonTopDownEstimator,
        detector: PersonDetector | None = None,
        padding: float = 1.25,
        threshold: float = 0.85,
        batch_size: int = 32,
    ) -> None:
        self.network, self.detector = network, detector
        self.padding, self.threshold, self.batch_size = padding, threshold, batch_size

    def find(self, chunk: Chunk) -> list[People2D]:
        """See :class:`PeopleFinder`."""
        with stage('detection', len(chunk.frames)):
            found = [self._boxes(*pair) for pair in zip(chunk.frames, chunk.images, strict=True)]
        boxes, scores = zip(*found, strict=True)
        images = [BLANK if image is None else image for image in chunk.images]
        people = find_people(images, boxes, self.network, scores, self.padding, self.batch_size, self.threshold)
        return [{name: np.asarray(each[name], np.float32) for name in _nobody()} for each in people]

    def digest(self) -> str:
        """See :class:`PeopleFinder`."""
        where = 'given' if self.detector is None else self.detector.digest()
        return digest('top_down', module_digest(self.network), self.padding, self.threshold, where)

    def _boxes(self, frame: ClipFrame, image: np.ndarray | None) -> Detections:
        if image is None:
            return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
        if self.detector is not None:
            return self.detector.detect(image, frame.frame_id)
        given = _given(frame)
        found = given['keypoint_scores'] > 0
        mean = given['keypoint_scores'].sum(axis=1) / np.maximum(found.sum(axis=1), 1)
        around = boxes_around(given['keypoints'], found)[found.any(axis=1)]
        return usable_boxes(around, mean[found.any(axis=1)], image.shape[:2])


def _given(frame: ClipFrame) -> dict[str, np.ndarray]:
    if frame.poses is None:
        return _nobody()
    keypoints, scores = (np.asarray(part, np.float32) for part in frame.poses)
    if keypoints.shape != (len(keypoints), K, 2) or scores.shape != (len(keypoints), K):
        raise ValueError(
            f'frame {frame.frame_id}: given 2D poses must be (people, {K}, 2) px and (people, {K}) scores, MuPoTS-17, '
            f'got {keypoints.shape} and {scores.shape}; read_pose2d_file converts other joint sets'
        )
    found = np.isfinite(keypoints).all(axis=-1) & (np.nan_to_num(scores) > 0)
    return {
        'keypoints': np.where(found[..., None], keypoints, 0),
        'keypoint_scores': np.where(found, np.minimum(scores, 1), 0),
        'bboxes': np.full((len(keypoints), 4), np.nan, np.float32),
    }


def _nobody() -> dict[str, np.ndarray]:
    return {
        'keypoints': np.zeros((0, K, 2), np.float32),
        'keypoint_scores': np.zeros((0, K), np.float32),
        'bboxes': np.zeros((0, 4), np.float32),
    }
