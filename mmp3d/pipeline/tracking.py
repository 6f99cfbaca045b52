"""Who is who from frame to frame: 2D poses of one frame after another to ids, in one pass and bounded memory.

Two thresholds as in ByteTrack (Zhang et al., ECCV 2022): sure poses are given to the tracks first, doubtful ones may
only continue a track. The likeness of a pose and a track is that of their joints (OKS, COCO's formula) and of their
boxes, where the track would be now at constant velocity.

Shapes: A tracks, M people of a frame, K = 17 MuPoTS joints. Pixels of the full image.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from mmp3d.frame_rate import checked_rate
from mmp3d.geometry import MUPOTS17
from mmp3d.geometry.boxes import boxes_around
from mmp3d.geometry.pose_similarity import pairwise_iou, pairwise_oks

UNTRACKED = -1
JOINTS = MUPOTS17.num_joints
# Frames a second of the default settings.
USUAL_FPS = 30.0
# Frames and hits; the numbers of frames must hold it.
LONGEST = 2**31 - 1


@dataclass(frozen=True)
class TrackerSettings:
    """When a pose belongs to a track. Likeness goes from 0 to 1; gaps are frames, by default of 30 a second.

    Args:
        sure_score: Mean score of the joints found from which on a pose may begin a track.
        least_joints: A pose with fewer joints than this may only continue a track, and its box alone says which.
        pose_weight: Share of the joints in the likeness; the rest is the boxes'.
        tolerance: How far a joint may be off, as a multiple of its COCO sigma; people move between frames.
        gate: Least likeness to a track of a sure pose.
        doubtful_gate: The same for a doubtful one, whose track must have been seen in one of the last frames.
        duplicate: A pose that is more like one that continues a track is the same person again and begins no track; 1:
            none is.
        longest_gap: A track that nobody continues for more frames has ended.
        confirming_hits: A track counts from this many frames on; before, it ends where it is missed once.
        gain: Share of a deviation from the constant velocity that is believed at once.
    """

    sure_score: float = 0.4
    least_joints: int = 4
    pose_weight: float = 0.7
    tolerance: float = 2.0
    gate: float = 0.2
    doubtful_gate: float = 0.35
    duplicate: float = 0.6
    longest_gap: int = 30
    confirming_hits: int = 3
    gain: float = 0.3

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            whole = field.name in ('least_joints', 'longest_gap', 'confirming_hits')
            low, high = (1, LONGEST) if whole else (0, 10 if field.name == 'tolerance' else 1)
            if not low <= value <= high or (whole and value != int(value)):
                kind = f'{"a whole number " if whole else ""}from {low} to {high}'
                raise ValueError(f'TrackerSettings: {field.name} must be {kind}, got {value!r}')

    @classmethod
    def at_rate(cls, fps: float) -> TrackerSettings:
        """The default settings for a video of ``fps`` frames a second: gaps and confirmation take as long as at 30.

        No more hits are asked for at a higher rate, since a track that is not confirmed ends where it is missed once.

        Raises:
            ValueError: ``fps`` cannot be, see :func:`~mmp3d.frame_rate.checked_rate`.
        """
        fps = checked_rate(fps)
        hits = min(np.ceil(cls.confirming_hits * fps / USUAL_FPS), cls.confirming_hits)
        return cls(longest_gap=max(round(cls.longest_gap * fps / USUAL_FPS), 1), confirming_hits=int(hits))

    def for_everybody(self) -> TrackerSettings:
        """The same, but everybody who has a joint is in a track: nobody is too doubtful or too like another one."""
        return replace(self, sure_score=0, least_joints=1, duplicate=1, confirming_hits=1)


DEFAULT_SETTINGS = TrackerSettings()


class FramePoses(NamedTuple):
    """The people found in one frame: ``keypoints`` (M, K, 2) px, ``scores`` (M, K), ``boxes`` (M, 4) xyxy px or None.

    A joint counts where its score is above 0 and both coordinates are finite; without ``boxes`` those around the joints
    are taken, and so is the one of a person whose box is not finite or has no area.
    """

    frame_id: int
    keypoints: np.ndarray
    scores: np.ndarray
    boxes: np.ndarray | None = None


class FrameIds(NamedTuple):
    """Whom the people of a frame are: ``ids`` (M,), -1 for nobody known, and ``confirmed`` (M,) bool."""

    ids: np.ndarray
    confirmed: np.ndarray


@dataclass(eq=False)
class _People:
    """People of one frame, or tracks as they were when last seen (then with the last five)."""

    keypoints: np.ndarray  # (A, K, 2)
    scores: np.ndarray  # (A, K)
    boxes: np.ndarray  # (A, 4)
    ids: np.ndarray  # (A,)
    velocities: np.ndarray  # (A, 2) px a frame
    last_frames: np.ndarray  # (A,)
    hits: np.ndarray  # (A,)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows: np.ndarray) -> _People:
        return _People(*(getattr(self, field.name)[rows] for field in fields(self)))

    def followed_by(self, others: _People) -> _People:
        pairs = ((getattr(self, field.name), getattr(others, field.name)) for field in fields(self))
        return _People(*map(np.concatenate, pairs))

    @property
    def sizes(self) -> np.ndarray:
        """(A,) px, the root of the box's area."""
        return np.sqrt(np.maximum((self.boxes[:, 2:] - self.boxes[:, :2]).prod(axis=1), 1))


class PoseTracker:
    """Gives ids to the people of one frame after another; remembers the running tracks only.

    Args:
        settings: When a pose belongs to a track.
    """

    def __init__(self, settings: TrackerSettings = DEFAULT_SETTINGS) -> None:
        self.settings = settings
        self._tracks = _as_people(FramePoses(0, np.zeros((0, JOINTS, 2)), np.zeros((0, JOINTS))))
        self._next_id = 0
        self._last_frame: int | None = None

    @property
    def running(self) -> np.ndarray:
        """Ids of the tracks that may still go on."""
        return self._tracks.ids.copy()

    def update(self, frame: FramePoses) -> FrameIds:
        """Ids of the people of the next frame.

        Args:
            frame: Its ``frame_id`` must be above that of the call before; numbers left out are frames without people.

        Returns:
            The ids; a person without any joint has -1, and so has one who is doubtful and continues no track. Ids that
            are not confirmed yet may turn out to be false people.

        Raises:
            ValueError: Frames out of order, or an array of another shape; names the frame.
        """
        if self._last_frame is not None and frame.frame_id <= self._last_frame:
            raise ValueError(
                f'frame {frame.frame_id} comes after frame {self._last_frame}; sort the frames by number, each once'
            )
        self._last_frame = frame.frame_id
        people = _as_people(frame)
        self._end_tracks(frame.frame_id)
        rows = self._continued(people, frame.frame_id)
        self._follow(people, rows)
        self._begin_tracks(people, rows)
        return self._ids_of(people)

    def _end_tracks(self, frame_id: int) -> None:
        """Forget who has been away for too long, or was missed before being confirmed."""
        missed = frame_id - self._tracks.last_frames - 1
        allowed = np.where(self._tracks.hits >= self.settings.confirming_hits, self.settings.longest_gap, 0)
        self._tracks = self._tracks[missed <= allowed]

    def _continued(self, people: _People, frame_id: int) -> np.ndarray:
        """(M,) row of the track that each person continues, -1 for none."""
        rows = np.full(len(people), UNTRACKED)
        if not len(people) or not len(self._tracks):
            return rows
        expected = _moved(self._tracks, frame_id)
        likeness = self._likeness(expected, people)
        sure = self._sure(people)
        _assign(rows, likeness, np.ones(len(expected), bool), sure, self.settings.gate)
        free = np.isin(np.arange(len(expected)), rows, invert=True) & (frame_id - expected.last_frames <= 5)
        _assign(rows, likeness, free, ~sure & people.scores.any(axis=1), self.settings.doubtful_gate)
        return rows

    def _likeness(self, tracks: _People, people: _People) -> np.ndarray:
        """(A, M) from 0 to 1."""
        overlap = pairwise_iou(tracks.boxes, people.boxes)
        sizes = self.settings.tolerance * np.maximum(tracks.sizes[:, None], people.sizes)
        oks, common = pairwise_oks(
            tracks.keypoints, tracks.scores, people.keypoints, people.scores, sizes, MUPOTS17.sigmas
        )
        weight = np.where(common >= self.settings.least_joints, self.settings.pose_weight, 0)
        return weight * oks + (1 - weight) * overlap

    def _sure(self, people: _People) -> np.ndarray:
        """(M,) bool: who may begin a track."""
        found = (people.scores > 0).sum(axis=1)
        mean = people.scores.sum(axis=1) / np.maximum(found, 1)
        return (found >= self.settings.least_joints) & (mean >= self.settings.sure_score)

    def _follow(self, people: _People, rows: np.ndarray) -> None:
        """Move the continued tracks to where their people are now."""
        found = np.flatnonzero(rows != UNTRACKED)
        rows, new = rows[found], people[found]
        old = self._tracks[rows]
        frame_id = self._last_frame
        expected = _moved(old, frame_id)
        away = (frame_id - old.last_frames)[:, None]
        step = _shift(expected, new)
        new.ids, new.hits, new.last_frames = old.ids, old.hits + 1, np.full(len(old), frame_id)
        new.velocities = old.velocities + np.where(old.hits > 1, self.settings.gain, 1)[:, None] * step / away
        lost = new.scores == 0
        new.keypoints = np.where(lost[..., None], expected.keypoints + step[:, None], new.keypoints)
        new.scores = np.where(lost, MEMORY * expected.scores, new.scores)
        kept = np.ones(len(self._tracks), bool)
        kept[rows] = False
        self._tracks = self._tracks[kept].followed_by(new)
        people.ids[found], people.hits[found] = new.ids, new.hits

    def _begin_tracks(self, people: _People, rows: np.ndarray) -> None:
        known = rows != UNTRACKED
        fresh = ~known & self._sure(people)
        if not fresh.any():
            return
        again = (self._likeness(people[known], people) > self.settings.duplicate).any(axis=0)
        fresh = np.flatnonzero(fresh & ~again)
        people.ids[fresh] = self._next_id + np.arange(len(fresh))
        people.hits[fresh] = 1
        self._next_id += len(fresh)
        self._tracks = self._tracks.followed_by(people[fresh])

    def _ids_of(self, people: _People) -> FrameIds:
        return FrameIds(people.ids, people.hits >= self.settings.confirming_hits)


def track_stream(
    frames: Iterable[FramePoses], settings: TrackerSettings = DEFAULT_SETTINGS
) -> Iterator[tuple[FramePoses, FrameIds]]:
    """Each frame with the ids of its people, as soon as it comes; see :class:`PoseTracker`."""
    tracker = PoseTracker(settings)
    for frame in frames:
        yield frame, tracker.update(frame)


# A joint that a track has not shown for one frame counts this much less.
MEMORY = 0.8
# A velocity that nobody has seen for a frame counts this much less.
DAMPING = 0.9


def _as_people(frame: FramePoses) -> _People:
    """The people with unusable joints at score 0. Raises ValueError for an array of another shape."""
    keypoints, scores = np.asarray(frame.keypoints, np.float64), np.asarray(frame.scores, np.float64)
    count = len(keypoints)
    boxes = np.full((count, 4), np.nan) if frame.boxes is None else np.asarray(frame.boxes, np.float64)
    shapes = {'keypoints': (count, JOINTS, 2), 'scores': (count, JOINTS), 'boxes': (count, 4)}
    for (name, shape), array in zip(shapes.items(), (keypoints, scores, boxes), strict=True):
        if array.shape != shape:
            raise ValueError(f'frame {frame.frame_id}: {name} must have shape {shape}, got {array.shape}')
    found = np.isfinite(keypoints).all(axis=-1) & np.isfinite(scores) & (scores > 0)
    keypoints = np.where(found[..., None], keypoints, 0)
    with np.errstate(invalid='ignore'):
        good = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    return _People(
        keypoints,
        np.where(found, np.minimum(scores, 1), 0),
        np.where(good[:, None], boxes, boxes_around(keypoints, found)),
        np.full(count, UNTRACKED),
        np.zeros((count, 2)),
        np.full(count, frame.frame_id),
        np.zeros(count, int),
    )


def _moved(tracks: _People, frame_id: int) -> _People:
    """The tracks where they would be in a later frame, at a velocity that fades while nobody sees them."""
    away = (frame_id - tracks.last_frames)[:, None]
    shift = tracks.velocities * (1 - DAMPING**away) / (1 - DAMPING)
    moved = tracks[np.arange(len(tracks))]
    moved.keypoints = tracks.keypoints + shift[:, None]
    moved.boxes = tracks.boxes + np.tile(shift, 2)
    return moved


def _shift(expected: _People, found: _People) -> np.ndarray:
    """(A, 2) px from where each person was expected: the median of the common joints, else of the boxes' centres."""
    common = ((expected.scores > 0) & (found.scores > 0))[..., None]
    centres = (found.boxes - expected.boxes).reshape(-1, 2, 2).mean(axis=1)
    steps = np.where(common, found.keypoints - expected.keypoints, np.nan)
    steps = np.where(common.any(axis=1, keepdims=True), steps, centres[:, None])
    return _known_median(steps)


def _known_median(values: np.ndarray) -> np.ndarray:
    """(A, 2) medians over the K of (A, K, 2) that are not NaN; ``nanmedian`` takes ten times as long for so few."""
    ordered = np.sort(values, axis=1)  # NaN is last
    count = (~np.isnan(values)).sum(axis=1, keepdims=True)
    low, high = (np.take_along_axis(ordered, middle, axis=1)[:, 0] for middle in ((count - 1) // 2, count // 2))
    return (low + high) / 2


def _assign(rows: np.ndarray, likeness: np.ndarray, tracks: np.ndarray, people: np.ndarray, gate: float) -> None:
    """Give the chosen people to the chosen tracks one to one for the most likeness in all; fills ``rows``."""
    tracks, people = np.flatnonzero(tracks), np.flatnonzero(people)
    if not len(tracks) or not len(people):
        return
    candidates = likeness[np.ix_(tracks, people)]
    candidates = np.where(candidates >= gate, candidates, 0)
    first, second = linear_sum_assignment(candidates, maximize=True)
    good = candidates[first, second] > 0
    rows[people[second[good]]] = tracks[first[good]]
