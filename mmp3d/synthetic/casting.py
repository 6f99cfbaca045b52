"""Who is in a scene: draws people, alone or in pairs, and finds places for them where nobody runs into anybody.

Shapes: N people, T times. Floor coordinates (x, z) of the world frame in millimetres; seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmp3d.geometry.camera import Camera
from mmp3d.synthetic.body import Appearance, Body, sample_appearance, sample_body
from mmp3d.synthetic.close_interaction import sample_close_pair
from mmp3d.synthetic.contact import TOUCH, deepest_penetration
from mmp3d.synthetic.interaction import sample_pair
from mmp3d.synthetic.motion import Motion, sample_motion
from mmp3d.synthetic.path import TIGHT_ARCS, Path, sample_single
from mmp3d.synthetic.person import Person, pose_people
from mmp3d.synthetic.recorded_motion import RecordedMotion
from mmp3d.synthetic.retarget import Recording

# Share of pairs among groups; where there are recordings, which people play alone, fewer.
PAIR_SHARE, PAIR_SHARE_RECORDED = 0.6, 0.3
_LEAST_GAP = 420.0
# mm around somebody in which no other group starts.
_ROOM = 900.0
_TRIES = 12


@dataclass(frozen=True)
class Area:
    """The part of the floor that a camera at the origin sees, in a range of depths.

    Args:
        camera: Looks along z, more or less.
        near, far: mm along z; people should come no nearer, and start no further away.
        middle, spread: mm along z, mean and standard deviation of where people start; without a middle half of them
            are nearer than the geometric mean of near and far.
    """

    camera: Camera
    near: float
    far: float
    middle: float | None = None
    spread: float = 900.0

    def place(self, rng: np.random.Generator) -> np.ndarray:
        """(2,) mm: somewhere the camera sees, now and then at the edge of the picture."""
        if self.middle is None:
            z = self.near * (self.far / self.near) ** rng.random()
        else:
            z = np.clip(self.middle + rng.normal(0, self.spread), self.near, self.far)
        margin = -0.04 if rng.random() < 0.12 else 0.12
        u = rng.uniform(margin, 1 - margin) * self.camera.image_size[0]
        return np.array([(u - self.camera.K[0, 2]) / self.camera.K[0, 0] * z, z])

    def beyond(self, ground: np.ndarray) -> float:
        """mm by which the farthest of (..., 2) points is out of the area; 0 for points inside."""
        depth = ground[..., 1]
        return max(self.near - 300 - depth.min(), depth.max() - self.far - 800, 0)


@dataclass(frozen=True)
class Disc:
    """A round place: people start and stay within ``radius`` mm of the origin."""

    radius: float

    def place(self, rng: np.random.Generator) -> np.ndarray:
        """(2,) mm in the inner half."""
        angle, away = rng.uniform(0, 2 * np.pi), 0.5 * self.radius * np.sqrt(rng.random())
        return away * np.array([np.sin(angle), np.cos(angle)])

    def beyond(self, ground: np.ndarray) -> float:
        """mm by which the farthest of (..., 2) points is out of the area; 0 for points inside."""
        return max(float(np.linalg.norm(ground, axis=-1).max()) - self.radius, 0)


@dataclass(frozen=True)
class Casting:
    """What people do.

    Args:
        recordings: Played by people who are alone; without any, motions are procedural.
        close: Whether pairs shake hands, fight and pass behind each other too, and bodies are kept out of each other.
        radius: Least and greatest radius of the arcs on which people walk alone, mm.
    """

    recordings: tuple[Recording, ...] = ()
    close: bool = False
    radius: tuple[float, float] = TIGHT_ARCS

    @property
    def pair_share(self) -> float:
        """Probability that the next group is a pair."""
        return PAIR_SHARE_RECORDED if self.recordings else PAIR_SHARE

    def single(self, rng: np.random.Generator, place: np.ndarray) -> tuple[Motion, Path]:
        """Motion and path of one person through ``place`` (2,) mm."""
        if not self.recordings:
            return sample_motion(rng), sample_single(rng, place, self.radius)
        recording = self.recordings[int(rng.integers(len(self.recordings)))]
        start = rng.uniform(0, len(recording) * recording.frame_time)
        motion = RecordedMotion(recording, start, rng.uniform(0.9, 1.1), bool(rng.random() < 0.5))
        return motion, sample_single(rng, place, self.radius)

    def pair(
        self, rng: np.random.Generator, place: np.ndarray, bodies: list[Body], horizon: float
    ) -> tuple[list[Motion], list[Path]]:
        """Motions and paths of two people who interact around ``place``."""
        if self.close:
            return sample_close_pair(rng, place, bodies, horizon)
        return sample_pair(rng, place, camera_distance=place[1])


PROCEDURAL = Casting()


def cast_people(
    rng: np.random.Generator,
    count: int,
    area: Area | Disc,
    patterned: bool = True,
    horizon: float = 0.0,
    casting: Casting = PROCEDURAL,
) -> list[Person]:
    """Draw people and their places.

    Args:
        rng: Source of randomness.
        count: N people. With ``casting.close`` fewer where no free place is found.
        area: Where they may be.
        patterned: Whether cloth carries patterns.
        horizon: Seconds around t = 0 in which people keep off each other and inside of the area.
        casting: What they do.
    """
    persons: list[Person] = []
    tracks = _Tracks(horizon, casting.close)
    for _ in range(4 * count):
        if len(persons) >= count:
            break
        found = _place(rng, area, tracks, count - len(persons), patterned, horizon, casting)
        persons += found
        tracks.add(found)
    return persons


def _place(rng, area, tracks: _Tracks, room, patterned, horizon, casting: Casting) -> list[Person]:
    """One person or an interacting pair, at the best of some random places; nobody where no place will do."""
    pair = room >= 2 and rng.random() < casting.pair_share
    best, best_gap = [], -np.inf
    bodies: list[tuple[Body, Appearance]] = [
        (sample_body(rng), sample_appearance(rng, patterned)) for _ in range(1 + pair)
    ]
    for _ in range(_TRIES):
        place = area.place(rng)
        if casting.close and tracks.is_taken(place):
            continue
        if pair:
            motions, paths = casting.pair(rng, place, [body for body, _ in bodies], horizon)
        else:
            motions, paths = map(list, zip(casting.single(rng, place), strict=True))
        persons = [Person(*body, *rest) for body, rest in zip(bodies, zip(motions, paths, strict=True), strict=True)]
        gap = tracks.gap(persons, area)
        if gap > best_gap:
            best, best_gap = persons, gap
        if gap > _LEAST_GAP:
            break
    return best if best_gap > 0 or not casting.close else []


class _Tracks:
    """Where the people are who have a place.

    Args:
        horizon: Seconds around t = 0.
        close: Whether limbs count, not only the places on the floor.
    """

    def __init__(self, horizon: float, close: bool) -> None:
        # Twice a second at least where people must not run through each other.
        count = max(13, int(4 * horizon) + 1) if close else 13
        self._times = np.linspace(-horizon / 2, horizon / 2, 1 if horizon == 0 else count)
        self._close = close
        self._people: list[Person] = []
        self._ground = np.zeros((0, len(self._times), 2))

    def add(self, persons: list[Person]) -> None:
        """Take note of people."""
        self._people += persons
        self._ground = np.concatenate([self._ground, *(person.ground(self._times)[0][None] for person in persons)])

    def is_taken(self, place: np.ndarray) -> bool:
        """Whether somebody comes by too near for others to be at (2,) mm."""
        return bool((np.linalg.norm(self._ground - place, axis=-1) < _ROOM).any())

    def gap(self, persons: list[Person], area: Area | Disc) -> float:
        """mm between new people and the rest, at the closest; negative where someone leaves the area or, if limbs
        count, is inside of somebody."""
        new = np.stack([person.ground(self._times)[0] for person in persons])
        closest = np.inf
        if self._people:
            closest = np.linalg.norm(new[:, None] - self._ground[None], axis=-1).min()
        beyond = area.beyond(new)
        if beyond:
            return float(-beyond)
        if self._close:
            depth = self._depth(persons, new)
            closest = closest if depth <= TOUCH else -depth
        return float(closest)

    def _depth(self, persons: list[Person], new: np.ndarray) -> float:
        """mm that limbs are inside of others, at the deepest."""
        apart = np.linalg.norm(new[:, None] - self._ground[None], axis=-1).min(axis=(0, 2))
        people = persons + [self._people[near] for near in np.flatnonzero(apart < 2200)]
        if len(people) < 2:
            return 0.0
        joints, _ = pose_people(people, self._times)
        return float(deepest_penetration(joints, [person.body for person in people])[: len(persons)].max())
