"""Cuts tracks of any length into clips of one length that show the people of one time side by side.

Shapes: F frames of a track, T frames of a clip, S people of all clips, I clips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

# Whoever is there for less than this share of a clip is not in it.
LEAST_SHARE = 0.5


class TrackColumns(NamedTuple):
    """One person over time: (F,) consecutive ``frame_ids``, and (F, ...) ``columns`` with ``keypoint_scores``."""

    frame_ids: np.ndarray
    columns: Mapping[str, np.ndarray]


def clips_of_tracks(tracks: Sequence[TrackColumns], clip_length: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The clips of one video, one after the other; what is shorter than a clip is repeated at its ends, at score 0.

    Args:
        tracks: Of one video, with equal columns.
        clip_length: T.

    Returns:
        Columns by name, (S, T, ...) clip by clip, and (I + 1,) first person of each clip; of a clip in which nobody is
        nothing remains. No tracks give no columns.

    Raises:
        ValueError: ``clip_length`` is less than 1.
    """
    if clip_length < 1:
        raise ValueError(f'clip_length must be positive, got {clip_length!r}')
    first = min((int(track.frame_ids[0]) for track in tracks), default=0)
    parts = [_clips(track, first, clip_length) for track in tracks]
    numbers = np.concatenate([np.zeros(0, np.int64), *(numbers for numbers, _ in parts)])
    order = np.argsort(numbers, kind='stable')
    _, counts = np.unique(numbers, return_counts=True)
    names = tracks[0].columns if tracks else ()
    columns = {name: np.concatenate([own[name] for _, own in parts])[order] for name in names}
    return columns, np.concatenate([[0], np.cumsum(counts)])


def _clips(track: TrackColumns, first: int, clip_length: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Numbers of the clips that a track is in, and its (clips, T, ...) columns there."""
    start, stop = int(track.frame_ids[0]) - first, int(track.frame_ids[-1]) - first + 1
    numbers = np.arange(start // clip_length, (stop - 1) // clip_length + 1)
    frames = numbers[:, None] * clip_length + np.arange(clip_length)
    inside = (frames >= start) & (frames < stop)
    kept = inside.mean(axis=1) >= LEAST_SHARE
    # Who is in no clip for long is in the one where they are longest.
    kept[inside.sum(axis=1).argmax()] |= not kept.any()
    places = np.clip(frames[kept] - start, 0, stop - start - 1)
    columns = {name: values[places] for name, values in track.columns.items()}
    columns['keypoint_scores'] = columns['keypoint_scores'] * inside[kept][..., None]
    return numbers[kept], columns
