"""The first stage: who is in each frame of a chunk, in 2D; here from poses that are given.

Shapes: N people of a frame, K = 17 MuPoTS joints. Pixels of the full image.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from mmp3d.geometry import MUPOTS17
from mmp3d.pipeline.clip_frames import Chunk, ClipFrame
from mmp3d.pipeline.stage_memory import digest

K = MUPOTS17.num_joints
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
        return [given_people(frame) for frame in chunk.frames]

    def digest(self) -> str:
        """See :class:`PeopleFinder`."""
        return digest('given')


def given_people(frame: ClipFrame) -> dict[str, np.ndarray]:
    """The people of one frame, see :class:`PeopleFinder`. Raises ValueError for poses of another shape."""
    if frame.poses is None:
        return nobody_in_2d()
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


def nobody_in_2d() -> dict[str, np.ndarray]:
    """A frame in which nobody is found, see :class:`PeopleFinder`."""
    return {
        'keypoints': np.zeros((0, K, 2), np.float32),
        'keypoint_scores': np.zeros((0, K), np.float32),
        'bboxes': np.zeros((0, 4), np.float32),
    }
