"""Tracks of a whole video: the poses of each id together, tracks of one person joined over long gaps, false people out.

Shapes: F frames of a track, T frames from its first to its last one, L tracks, M people of a frame, K = 17 MuPoTS
joints. Pixels of the full image.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from mmp3d.geometry.boxes import boxes_around
from mmp3d.pipeline.track import Track
from mmp3d.pipeline.tracking import DEFAULT_SETTINGS, UNTRACKED, FrameIds, FramePoses, TrackerSettings, track_stream

# Frames at a track's ends from which its place, size and velocity there are taken.
END_FRAMES = 8


@dataclass(frozen=True)
class LinkSettings:
    """Which tracks are one person's.

    Args:
        longest_gap: Most frames between two tracks that are joined.
        reach: How far the later one may begin from where the earlier one leads, as a share of the person's size, for a
            gap of one frame; it grows with the root of the gap.
        size_ratio: How many times larger or smaller the person may have become.
        shortest: A track with fewer frames is a false person.
    """

    longest_gap: int = 60
    reach: float = 0.15
    size_ratio: float = 1.5
    shortest: int = 5


def track_people(
    frames: Iterable[FramePoses],
    settings: TrackerSettings = DEFAULT_SETTINGS,
    links: LinkSettings | None = LinkSettings(),
) -> list[Track]:
    """Track the people of a whole video.

    Frames are taken one by one; what is kept of them are the poses of the tracked people.

    Args:
        frames: In the order of their numbers.
        settings: See :class:`~mmp3d.pipeline.tracking.PoseTracker`.
        links: Which tracks to join and which to leave out; None for neither.

    Returns:
        Tracks in the order of their first frame, ids from 0 on; gaps are left as they are
        (:meth:`~mmp3d.pipeline.track.Track.without_gaps` fills them, :func:`interpolated_frames` says where).
    """
    return tracks_of_frames(track_stream(frames, settings), links)


def tracks_of_frames(
    frames: Iterable[tuple[FramePoses, FrameIds]], links: LinkSettings | None = LinkSettings()
) -> list[Track]:
    """As :func:`track_people`, of frames whose people have ids already.

    Args:
        frames: In the order of their numbers, each with what :class:`~mmp3d.pipeline.tracking.PoseTracker` said.
        links: Which tracks to join and which to leave out; None for neither.
    """
    found: dict[int, list[tuple]] = defaultdict(list)
    confirmed = set()
    for frame, (ids, sure) in frames:
        confirmed.update(ids[sure].tolist())
        for person in np.flatnonzero(ids != UNTRACKED):
            pose = np.asarray(frame.keypoints)[person], np.asarray(frame.scores)[person]
            found[int(ids[person])].append((frame.frame_id, *pose))
    tracks = [Track(number, *zip(*found[number], strict=True)) for number in found if number in confirmed]
    return _renumbered(tracks if links is None else link_tracks(tracks, links))


def link_tracks(tracks: Sequence[Track], settings: LinkSettings = LinkSettings()) -> list[Track]:
    """Join the tracks that are one person's, before and after a gap, and leave out what stays too short.

    Of all ways to give every track at most one successor, the one with most and nearest successors is taken. The joined
    track has the id of its first part.

    Args:
        tracks: With different ids.
        settings: Which belong together.

    Raises:
        ValueError: Two tracks have one id.
    """
    check_ids(tracks)
    successor = _successors(tracks, settings)
    first = np.setdiff1d(np.arange(len(tracks)), successor)
    joined = []
    for row in first:
        parts = [tracks[row]]
        while (row := successor[row]) >= 0:
            parts.append(tracks[row])
        joined.append(_joined(parts))
    return [track for track in joined if len(track.frame_ids) >= settings.shortest]


def check_ids(tracks: Sequence[Track]) -> None:
    """Raises ValueError, naming ids and frames, where two tracks have one id."""
    ids, counts = np.unique([track.track_id for track in tracks], return_counts=True)
    for number in ids[counts > 1][:1]:
        spans = [f'{t.frame_ids[0]}-{t.frame_ids[-1]}' for t in tracks if t.track_id == number]
        raise ValueError(f'{len(spans)} tracks have the id {number} (frames {", ".join(spans)}); renumber or join them')


def interpolated_frames(track: Track) -> np.ndarray:
    """(T,) bool: which frames of ``track.without_gaps()`` hold no pose that was found, but an interpolated one."""
    seen = track.frame_ids[track.keypoint_scores.any(axis=1)]
    return np.isin(np.arange(track.frame_ids[0], track.frame_ids[-1] + 1), seen, invert=True)


def _successors(tracks: Sequence[Track], settings: LinkSettings) -> np.ndarray:
    """(L,) row of the track that goes on with each, -1 for none."""
    successor = np.full(len(tracks), -1)
    if len(tracks) < 2:
        return successor
    first, last = (np.array([track.frame_ids[end] for track in tracks]) for end in (0, -1))
    start_place, start_velocity, start_size = _ends(tracks, slice(None, END_FRAMES), 0)
    end_place, end_velocity, end_size = _ends(tracks, slice(-END_FRAMES, None), -1)
    gap = first - last[:, None]
    apart = _apart(start_place - end_place[:, None], start_velocity + end_velocity[:, None], gap)
    distance = apart / np.sqrt(start_size * end_size[:, None])
    distance /= settings.reach * np.sqrt(np.maximum(gap, 1))
    ratio = np.abs(np.log(start_size / end_size[:, None]))
    possible = (gap > 0) & (gap <= settings.longest_gap) & (distance < 1) & (ratio <= np.log(settings.size_ratio))
    worth = np.where(possible, 2 - distance, 0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    good = possible[rows, columns]
    successor[rows[good]] = columns[good]
    return successor


def _apart(step: np.ndarray, velocity: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """(L, L) px that are left of the step from one track to the next when both lead towards each other.

    Each leads over its half of the gap. People stop and turn in long gaps, so of those longer than the frames that the
    velocities come from, any part from these on will do: the one that leaves least is taken.

    Args:
        step: (L, L, 2) px from the end of the earlier track to the start of the later one.
        velocity: (L, L, 2) px a frame, the sum of the two.
        gap: (L, L) frames.
    """
    whole = np.maximum(gap, 0) / 2
    least = np.minimum(whole, END_FRAMES)
    best = (step * velocity).sum(axis=-1) / np.maximum((velocity**2).sum(axis=-1), 1e-9)
    return np.linalg.norm(step - velocity * np.clip(best, least, whole)[..., None], axis=-1)


def _ends(tracks: Sequence[Track], span: slice, end: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(L, 2) px, (L, 2) px a frame and (L,) px: place, velocity and size of each track at one of its ends."""
    place, velocity, size = np.zeros((len(tracks), 2)), np.zeros((len(tracks), 2)), np.ones(len(tracks))
    for row, track in enumerate(tracks):
        keypoints, found = track.keypoints[span], track.keypoint_scores[span] > 0
        boxes = boxes_around(keypoints, found)[found.any(axis=1)]
        times = track.frame_ids[span][found.any(axis=1)]
        if not len(times):
            continue
        centres = boxes.reshape(-1, 2, 2).mean(axis=1)
        size[row] = np.median(np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1)))
        if len(times) >= END_FRAMES // 2:
            velocity[row] = np.polyfit(times - times[end], centres, 1)[0]
        place[row] = np.median(centres - velocity[row] * (times - times[end])[:, None], axis=0)
    return place, velocity, size


def _joined(parts: Sequence[Track]) -> Track:
    names = ('frame_ids', 'keypoints', 'keypoint_scores')
    return Track(parts[0].track_id, *(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _renumbered(tracks: Sequence[Track]) -> list[Track]:
    ordered = sorted(tracks, key=lambda track: (track.frame_ids[0], track.track_id))
    return [Track(number, t.frame_ids, t.keypoints, t.keypoint_scores) for number, t in enumerate(ordered)]
