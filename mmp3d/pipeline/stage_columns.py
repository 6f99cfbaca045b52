"""People of several frames as flat arrays, the form in which the stages keep them.

Shapes: F frames, N people of a frame, K = 17 MuPoTS joints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmp3d.geometry import MUPOTS17

K = MUPOTS17.num_joints
COUNTS = 'counts'


def flat_columns(frames: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """F mappings of the same names to arrays (N, ...), one or more, as one array a name, and ``counts`` (F,)."""
    names = list(frames[0])
    counts = np.array([len(frame[names[0]]) for frame in frames], np.int64)
    return {COUNTS: counts, **{name: np.concatenate([frame[name] for frame in frames]) for name in names}}


def by_frame(columns: Mapping[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """Inverse of :func:`flat_columns`."""
    ends = np.cumsum(columns[COUNTS])[:-1]
    parts = {name: np.split(values, ends) for name, values in columns.items() if name != COUNTS}
    return [{name: values[frame] for name, values in parts.items()} for frame in range(len(columns[COUNTS]))]


def no_people() -> dict[str, np.ndarray]:
    """A frame in which a bottom-up branch finds nobody, see :class:`~mmp3d.pipeline.clip_stages.BottomUpFinder`."""
    return {
        'keypoints': np.zeros((0, K, 2), np.float32),
        'keypoint_scores': np.zeros((0, K), np.float32),
        'keypoints_cam': np.zeros((0, K, 3), np.float32),
        'bbox_scores': np.zeros(0, np.float32),
    }
