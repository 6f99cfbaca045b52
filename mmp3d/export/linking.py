"""Ids over the frames for people who have none, by the tracker of the top-down branch.

Shapes: N people of one frame, K joints. Pixels of the full image.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from mmp3d.frame_rate import checked_rate
from mmp3d.pipeline.tracking import FramePoses, PoseTracker, TrackerSettings


def everybody(fps: float) -> TrackerSettings:
    """Settings for people whom a model has found, see :meth:`~mmp3d.pipeline.TrackerSettings.for_everybody`.

    Args:
        fps: Frames a second; who is away for more than a second is somebody new.

    Raises:
        ValueError: ``fps`` cannot be, see :func:`~mmp3d.frame_rate.checked_rate`.
    """
    return TrackerSettings(longest_gap=max(round(checked_rate(fps)), 1)).for_everybody()


def linked(frames: Iterable[Mapping[str, np.ndarray]], fps: float) -> Iterator[np.ndarray]:
    """Ids in place of -1. Depth from one image jumps by more than people walk, so the image tells who is who.

    Args:
        frames: For each frame ``keypoints`` (N, K, 2) px, ``keypoint_scores`` (N, K) and ``track_ids`` (N,); ids that
            are not negative stay.
        fps: Frames a second; who is away for more than a second is somebody new.

    Returns:
        For each frame (N,) ids; new ones follow the greatest that was given. Who has no joint with a score keeps -1.

    Raises:
        ValueError: ``fps`` cannot be, or an id occurs twice in a frame.
    """
    frames = list(frames)
    first_id = max((int(people['track_ids'].max(initial=-1)) for people in frames), default=-1) + 1
    tracker = PoseTracker(everybody(fps))
    for number, people in enumerate(frames):
        ids = people['track_ids'].copy()
        nameless, named = ids < 0, ids[ids >= 0]
        if len(np.unique(named)) != len(named):
            raise ValueError(f'frame {number}: track ids must differ, got {named.tolist()}')
        poses = FramePoses(number, people['keypoints'][nameless], people['keypoint_scores'][nameless])
        found = tracker.update(poses).ids
        ids[nameless] = np.where(found >= 0, found + first_id, -1)
        yield ids
