"""Motions: anatomical joint angles that are continuous in time; here, procedural ones made of two harmonics.

Shapes: T times, J = 21 MuCo joints. Degrees, seconds, Hertz; vertical lift in millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mmp3d.synthetic.kinematics import FLEX, JOINT, rotations_from_angles
from mmp3d.synthetic.motion_presets import LOWER_PRESETS, UPPER_PRESETS, Preset
from mmp3d.synthetic.path import Path

NUM_JOINTS = len(JOINT)


class Motion(Protocol):
    """What a scene needs of a motion; :class:`HarmonicMotion` and ``recorded_motion.RecordedMotion`` have it."""

    name: str
    """What it is, for people."""

    @property
    def seated(self) -> bool:
        """Whether the person sits, so that a seat belongs there."""

    def rotations(self, times: np.ndarray) -> np.ndarray:
        """(T,) s to (T, J, 3, 3) local rotations, see ``kinematics.forward_kinematics``; the heading is not in them."""

    def lift(self, times: np.ndarray) -> np.ndarray:
        """(T,) s to (T,) mm by which the lowest point of the body is above the floor."""

    def along(self, path: Path, leg_length: float, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where a body with such legs (mm) is on its path: (T,) s to (T, 2) mm on the floor and (T,) rad heading."""


@dataclass(frozen=True)
class HarmonicMotion:
    """Each angle is a mean plus two harmonics of its joint's own frequency.

    Args:
        name: ``'<legs>+<arms>'``.
        mean: (J, 3) degrees.
        amplitude: (2, J, 3) degrees.
        phase: (2, J, 3) radians.
        frequency: (J,) Hz of the first harmonic.
        speed: Forward speed in leg lengths per second.
        hop: Height of a hop in mm, at the legs' frequency and phase.
        turn: Degrees per second by which the body turns to its right on the way.
    """

    name: str
    mean: np.ndarray
    amplitude: np.ndarray
    phase: np.ndarray
    frequency: np.ndarray
    speed: float = 0.0
    hop: float = 0.0
    turn: float = 0.0

    @property
    def seated(self) -> bool:
        return self.speed == 0 and self.name.startswith('sit')

    def rotations(self, times: np.ndarray) -> np.ndarray:
        return rotations_from_angles(self.angles(times))

    def along(self, path: Path, leg_length: float, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ground, heading = path.at(times, self.speed * leg_length)
        return ground, heading + np.radians(self.turn) * np.asarray(times, float) if self.turn else heading

    def angles(self, times: np.ndarray) -> np.ndarray:
        """(T,) s to (T, J, 3) degrees, see ``kinematics.rotations_from_angles``."""
        turn = 2 * np.pi * np.multiply.outer(np.asarray(times, float), self.frequency)[..., None]
        waves = self.amplitude[0] * np.sin(turn + self.phase[0]) + self.amplitude[1] * np.sin(2 * turn + self.phase[1])
        return np.clip(self.mean + waves, _LOWEST, _HIGHEST)

    def lift(self, times: np.ndarray) -> np.ndarray:
        hip = JOINT['right_hip']
        wave = np.sin(2 * np.pi * np.asarray(times, float) * self.frequency[hip] + self.phase[0, hip, FLEX] + np.pi)
        return self.hop * np.maximum(wave, 0)


def sample_motion(rng: np.random.Generator, legs: str = '', arms: str = '') -> HarmonicMotion:
    """Draw a motion: a preset of the legs with one of the arms, each with its own jitter, tempo and phase.

    Args:
        rng: Source of randomness.
        legs: Name in ``LOWER_PRESETS``, or '' to draw one.
        arms: Name in ``UPPER_PRESETS``, or '' to draw one that goes with the legs.
    """
    legs = legs or _draw(rng, LOWER_PRESETS)
    lower = LOWER_PRESETS[legs]
    arms = arms or (lower.partner if rng.random() < lower.partner_share else _draw(rng, UPPER_PRESETS))
    builder = _Builder(rng)
    tempo, phase = rng.uniform(*lower.hertz), rng.uniform(0, 2 * np.pi)
    builder.apply(lower, tempo, phase)
    upper = UPPER_PRESETS[arms]
    own_tempo = upper.hertz != (0, 0)
    builder.apply(upper, rng.uniform(*upper.hertz) if own_tempo else tempo, rng.uniform(0, 7) if own_tempo else phase)
    builder.loosen()
    stride = np.sin(np.radians(np.abs(builder.amplitude[0, JOINT['right_hip'], FLEX])))
    return HarmonicMotion(
        name=f'{legs}+{arms}',
        mean=builder.mean,
        amplitude=builder.amplitude,
        phase=builder.phase,
        frequency=builder.frequency,
        speed=4 * tempo * stride if lower.travels else 0.0,
        hop=rng.uniform(80, 350) if legs == 'jump' else 0.0,
        turn=rng.choice([-1, 1]) * rng.uniform(*lower.degrees_per_second) if any(lower.degrees_per_second) else 0.0,
    )


def sample_named_motion(rng: np.random.Generator, name: str) -> HarmonicMotion:
    """Draw a motion by one name: of the legs (``'walk'``, ``'run'``, ``'sit'``, ``'turn'``, ...), or of the arms of a
    person who stands (``'reach'``, ``'wave'``, ...).

    Raises:
        ValueError: There is no such motion.
    """
    if name in LOWER_PRESETS:
        return sample_motion(rng, name)
    if name in UPPER_PRESETS:
        return sample_motion(rng, 'stand', name)
    raise ValueError(f'motion: expected one of {sorted({*LOWER_PRESETS, *UPPER_PRESETS})}, got {name!r}')


def _draw(rng: np.random.Generator, presets: dict) -> str:
    presets = {name: preset for name, preset in presets.items() if preset.weight}
    weights = np.array([preset.weight for preset in presets.values()])
    return list(presets)[int(rng.choice(len(weights), p=weights / weights.sum()))]


class _Builder:
    """Collects presets into the arrays of a :class:`HarmonicMotion`."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.mean = np.zeros((NUM_JOINTS, 3))
        self.amplitude = np.zeros((2, NUM_JOINTS, 3))
        self.phase = rng.uniform(0, 2 * np.pi, (2, NUM_JOINTS, 3))
        self.frequency = rng.uniform(0.1, 0.5, NUM_JOINTS)

    def apply(self, preset: Preset, tempo: float, phase: float) -> None:
        """Write a preset's angles; one-sided presets get a random side."""
        mirrored = preset.one_sided and self.rng.random() < 0.5
        strength = self.rng.uniform(0.75, 1.2)
        for (name, axis), wave in preset.waves.items():
            if mirrored:
                name = _other_side(name)
            joint = JOINT[name]
            self.mean[joint, axis] = wave.mean + self.rng.normal(0, wave.spread)
            self.amplitude[0, joint, axis] = wave.amplitude * strength
            self.amplitude[1, joint, axis] = wave.second * strength
            self.phase[:, joint, axis] = phase + wave.phase, 2 * phase + wave.second_phase
            self.frequency[joint] = tempo

    def loosen(self) -> None:
        """Small random posture and sway on every angle, so that no two people move alike."""
        self.mean += self.rng.normal(0, 1, (NUM_JOINTS, 3)) * _LOOSENESS
        still = self.amplitude[0] == 0
        self.amplitude[0] += still * np.abs(self.rng.normal(0, 0.5, (NUM_JOINTS, 3))) * _LOOSENESS


def _other_side(name: str) -> str:
    side, _, rest = name.partition('_')
    return {'left': f'right_{rest}', 'right': f'left_{rest}'}.get(side, name)


_LIMITS = {
    'pelvis': ((-25, 100), (-20, 20), (-30, 30)),
    'spine': ((-25, 65), (-25, 25), (-40, 40)),
    'neck': ((0, 0), (0, 0), (0, 0)),
    'head': ((-40, 45), (-25, 25), (-70, 70)),
    'shoulder': ((-50, 175), (-15, 170), (-60, 80)),
    'elbow': ((0, 148), (0, 0), (0, 0)),
    'wrist': ((-50, 60), (-15, 20), (0, 0)),
    'hip': ((-25, 125), (-12, 60), (-35, 30)),
    'knee': ((0, 145), (0, 0), (0, 0)),
    'ankle': ((-40, 25), (-10, 10), (-15, 10)),
}
_SPREADS = {
    'pelvis': (3, 2, 4), 'spine': (5, 4, 7), 'head': (10, 5, 22), 'shoulder': (8, 6, 12), 'elbow': (8, 0, 0),
    'wrist': (10, 5, 0), 'hip': (3, 3, 6), 'knee': (3, 0, 0), 'ankle': (3, 0, 4)}  # fmt: skip


def _per_joint(table: dict, shape: tuple) -> np.ndarray:
    values = np.zeros((NUM_JOINTS, *shape))
    for name, joint in JOINT.items():
        values[joint] = table.get(name.split('_')[-1] if name != 'head_top' else name, np.zeros(shape))
    return values


_LOWEST, _HIGHEST = np.moveaxis(_per_joint(_LIMITS, (3, 2)), -1, 0)
_LOOSENESS = _per_joint(_SPREADS, (3,))
