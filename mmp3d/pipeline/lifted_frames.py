"""Lifted tracks frame by frame, and as flat arrays.

Shapes: T frames of a track, L tracks, S poses of all tracks, M people of a frame, K = 17 MuPoTS joints. Camera frame,
millimetres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from mmp3d.geometry import MUPOTS17
from mmp3d.pipeline.matching import CameraPeople
from mmp3d.pipeline.track import Track

K = MUPOTS17.num_joints


class LiftedTrack(NamedTuple):
    """One person over all frames from the first to the last in which they were found.

    ``frame_ids`` (T,) consecutive numbers, ``keypoints_cam`` (T, K, 3) float32 mm, ``keypoint_scores`` (T, K) those of
    the 2D joints: 0 where the networks completed one.
    """

    track_id: int
    frame_ids: np.ndarray
    keypoints_cam: np.ndarray
    keypoint_scores: np.ndarray


def track_columns(tracks: Sequence[Track]) -> dict[str, np.ndarray]:
    """Tracks as ``track_ids``, ``frame_ids`` (S,), ``keypoints`` (S, K, 2) px and ``keypoint_scores`` (S, K)."""
    return {
        **_numbers(tracks),
        'keypoints': np.concatenate([np.zeros((0, K, 2), np.float32), *(track.keypoints for track in tracks)]),
        'keypoint_scores': _scores(tracks),
    }


def tracks_of(columns: Mapping[str, np.ndarray]) -> list[Track]:
    """Inverse of :func:`track_columns`."""
    ids, starts = np.unique(columns['track_ids'], return_index=True)
    spans = map(slice, starts, [*starts[1:], len(columns['track_ids'])])
    names = ('frame_ids', 'keypoints', 'keypoint_scores')
    return [
        Track(int(number), *(columns[name][span] for name in names)) for number, span in zip(ids, spans, strict=True)
    ]


def lifted_columns(lifted: Sequence[LiftedTrack]) -> dict[str, np.ndarray]:
    """Lifted tracks as ``track_ids``, ``frame_ids`` (S,), ``keypoints_cam`` (S, K, 3) and ``keypoint_scores`` (S, K).

    Poses that are nowhere are left out; they are in the order of their frames.
    """
    columns = {
        **_numbers(lifted),
        'keypoints_cam': np.concatenate([np.zeros((0, K, 3), np.float32), *(track.keypoints_cam for track in lifted)]),
        'keypoint_scores': _scores(lifted),
    }
    order = np.argsort(columns['frame_ids'], kind='stable')
    order = order[np.isfinite(columns['keypoints_cam']).any(axis=(1, 2))[order]]
    return {name: values[order] for name, values in columns.items()}


def people_at(columns: Mapping[str, np.ndarray], start: int, count: int) -> list[CameraPeople]:
    """The people of ``count`` frames from ``start`` on, of what :func:`lifted_columns` gave."""
    borders = np.searchsorted(columns['frame_ids'], np.arange(start, start + count + 1))
    names = ('keypoints_cam', 'keypoint_scores', 'track_ids')
    spans = map(slice, borders[:-1], borders[1:])
    return [CameraPeople(*(columns[name][span] for name in names)) for span in spans]


def _numbers(tracks: Sequence[Track | LiftedTrack]) -> dict[str, np.ndarray]:
    nothing = np.zeros(0, np.int64)
    return {
        'track_ids': np.concatenate([nothing, *(np.full(len(t.frame_ids), t.track_id, np.int64) for t in tracks)]),
        'frame_ids': np.concatenate([nothing, *(track.frame_ids for track in tracks)]),
    }


def _scores(tracks: Sequence[Track | LiftedTrack]) -> np.ndarray:
    return np.concatenate([np.zeros((0, K), np.float32), *(track.keypoint_scores for track in tracks)])
