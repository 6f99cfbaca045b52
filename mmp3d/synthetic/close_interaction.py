"""Pairs who come as close as people do without running through each other.

Shapes: T times. Floor coordinates (x, z) of the world frame in millimetres; headings in radians from +z towards +x.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mmp3d.synthetic.body import Body
from mmp3d.synthetic.contact import TOUCH, limb_radii, penetration
from mmp3d.synthetic.kinematics import FLEX, JOINT
from mmp3d.synthetic.motion import HarmonicMotion, sample_motion
from mmp3d.synthetic.path import Path, sample_single
from mmp3d.synthetic.posing import stand_bodies

CLOSE_INTERACTIONS = ('facing', 'handshake', 'hug', 'abreast', 'pass_behind', 'fight')
_WEIGHTS = (0.22, 0.16, 0.14, 0.2, 0.16, 0.12)
# mm between the pelvises at which people start to be moved apart.
_DISTANCE = {'facing': (550, 1000), 'hug': (240, 300), 'fight': (650, 950)}
_ARMS = ('gesture', 'reach', 'point', 'crossed', 'relaxed', 'wave', '')
_HAND_THICKNESS = 40.0
# Most arms of a hug meet the other body first: the closest of some draws is taken.
_HUG_DRAWS = 8
# Times at which limbs are compared: so many a second, and at most.
_RATE, _MOST_TIMES = 10.0, 60
_TRIES = 20


def sample_close_pair(
    rng: np.random.Generator, place: np.ndarray, bodies: list[Body], horizon: float, kind: str = ''
) -> tuple[list[HarmonicMotion], list[Path]]:
    """Motions and paths of two people who interact around ``place``.

    They are moved apart until no limb is deeper in the other body than ``contact.TOUCH`` within the horizon.

    Args:
        rng: Source of randomness.
        place: (2,) mm middle of the pair.
        bodies: The two bodies.
        horizon: Seconds around t = 0.
        kind: One of ``CLOSE_INTERACTIONS``, or '' to draw one.
    """
    kind = kind or str(rng.choice(CLOSE_INTERACTIONS, p=_WEIGHTS))
    draws = _HUG_DRAWS if kind == 'hug' else 1
    pairs = []
    for _ in range(draws):
        if kind == 'handshake':
            motions, paths = _handshake(rng, place, bodies)
        elif kind == 'abreast':
            motions, paths = _abreast(rng, place)
        elif kind == 'pass_behind':
            motions, paths = _pass_behind(rng, place)
        else:
            motions, paths = _facing(rng, place, kind)
        pairs.append((motions, _moved_apart(motions, paths, bodies, horizon)))
    return min(pairs, key=lambda pair: np.linalg.norm(pair[1][0].start - pair[1][1].start))


def _facing(rng: np.random.Generator, place: np.ndarray, kind: str) -> tuple[list[HarmonicMotion], list[Path]]:
    angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(*_DISTANCE[kind])
    half = np.array([np.sin(angle), np.cos(angle)]) * distance / 2
    turns = rng.normal(0, 0.1, 2)
    paths = [
        Path(place - half, angle + turns[0], swing=(0.06, 0.15)),
        Path(place + half, angle + np.pi + turns[1], swing=(0.06, 0.12)),
    ]
    if kind == 'hug':
        return [sample_motion(rng, 'stand', 'hug') for _ in paths], paths
    if kind == 'fight':
        return [_fighter(rng) for _ in paths], paths
    legs = ('stand', 'stand', 'lunge', 'bend')
    return [sample_motion(rng, str(rng.choice(legs)), str(rng.choice(_ARMS))) for _ in paths], paths


def _fighter(rng: np.random.Generator) -> HarmonicMotion:
    """Someone who boxes, or kicks with the guard up."""
    return sample_motion(rng, 'guard' if rng.random() < 0.7 else 'kick', 'punch')


def _handshake(
    rng: np.random.Generator, place: np.ndarray, bodies: list[Body]
) -> tuple[list[HarmonicMotion], list[Path]]:
    """Two people whose right hands meet, at one height, and go up and down together."""
    first, second = (sample_motion(rng, 'stand', 'handshake') for _ in range(2))
    arm = [JOINT[f'right_{part}'] for part in ('shoulder', 'elbow', 'wrist')]
    phase, frequency = second.phase.copy(), second.frequency.copy()
    phase[:, arm], frequency[arm] = first.phase[:, arm], first.frequency[arm]
    second = replace(second, phase=phase, frequency=frequency)
    goal = _hand(first, bodies[0])
    second = _with_hand_at_height(second, bodies[1], goal[1])
    own = _hand(second, bodies[1])
    # In the frame of the first, who looks along z, the second one's hand is at its place minus ``own``.
    x, z = goal[0] + own[0], goal[2] + own[2] + _HAND_THICKNESS
    angle = rng.uniform(0, 2 * np.pi)
    sin, cos = np.sin(angle), np.cos(angle)
    offset = np.array([x * cos + z * sin, z * cos - x * sin])
    return [first, second], [Path(place - offset / 2, angle), Path(place + offset / 2, angle + np.pi)]


def _hand(motion: HarmonicMotion, body: Body) -> np.ndarray:
    """(3,) mm of the right hand at time 0, the pelvis above the origin, looking along z."""
    return _pose([motion], [Path(np.zeros(2), 0.0)], [body], np.zeros(1))[0, 0, JOINT['right_hand']]


def _with_hand_at_height(motion: HarmonicMotion, body: Body, height: float) -> HarmonicMotion:
    """The motion with the right upper arm raised or lowered so far that the hand is at ``height`` (y, mm)."""
    raised = np.linspace(-24, 24, 13)
    options = []
    for degrees in raised:
        mean = motion.mean.copy()
        mean[JOINT['right_shoulder'], FLEX] += degrees
        options.append(replace(motion, mean=mean))
    return min(options, key=lambda option: abs(_hand(option, body)[1] - height))


def _abreast(rng: np.random.Generator, place: np.ndarray) -> tuple[list[HarmonicMotion], list[Path]]:
    """Two people side by side, walking in step or standing."""
    heading = rng.uniform(-np.pi, np.pi)
    side = np.array([np.cos(heading), -np.sin(heading)]) * rng.uniform(430, 650) / 2
    motion = sample_motion(rng, 'walk')
    standing = [sample_motion(rng, 'stand') for _ in range(2)]
    return standing if rng.random() < 0.3 else [motion, motion], [
        Path(place - side, heading),
        Path(place + side, heading),
    ]


def _pass_behind(rng: np.random.Generator, place: np.ndarray) -> tuple[list[HarmonicMotion], list[Path]]:
    """One person, and another who at t = 0 walks past behind, on the line of sight of a camera at the origin."""
    ray = place / max(np.linalg.norm(place), 1.0)
    across = np.arctan2(ray[1], -ray[0]) + rng.choice([0, np.pi]) + rng.normal(0, 0.25)
    paths = [sample_single(rng, place), Path(place + ray * rng.uniform(700, 1400), float(across))]
    legs = ('stand', 'stand', 'squat', 'sit', 'bend', 'dance')
    return [sample_motion(rng, str(rng.choice(legs))), sample_motion(rng, 'walk')], paths


def _pose(motions: list, paths: list[Path], bodies: list[Body], times: np.ndarray) -> np.ndarray:
    """(N, T, J, 3) mm in the world."""
    rotations = np.stack([motion.rotations(times) for motion in motions])
    ways = [
        motion.along(path, body.leg_length, times) for motion, path, body in zip(motions, paths, bodies, strict=True)
    ]
    ground, heading = map(np.stack, zip(*ways, strict=True))
    lift = np.stack([motion.lift(times) for motion in motions])
    return stand_bodies(bodies, rotations, ground, heading, lift)[0]


def _moved_apart(motions: list, paths: list[Path], bodies: list[Body], horizon: float) -> list[Path]:
    """The paths, moved along the line between their starts until the bodies keep out of each other."""
    times = np.linspace(-horizon / 2, horizon / 2, min(int(horizon * _RATE), _MOST_TIMES) + 1)
    joints = _pose(motions, paths, bodies, times)
    radii = [limb_radii(body) for body in bodies]
    line = paths[1].start - paths[0].start
    line = line / max(np.linalg.norm(line), 1e-6)
    apart = 0.0
    for _ in range(_TRIES):
        shift = np.array([line[0], 0, line[1]]) * apart
        depth = penetration(joints[0], joints[1] + shift, *radii).max()
        if depth <= TOUCH:
            break
        apart += depth - TOUCH + 5
    half = line * apart / 2
    return [replace(paths[0], start=paths[0].start - half), replace(paths[1], start=paths[1].start + half)]
