"""Body shape and appearance of one person, and the draw of both.

Shapes: J = 21 MuCo joints, M = 7 materials a person. Body frame of ``kinematics``; millimetres; colours BGR 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mmp3d.synthetic.kinematics import JOINT
from mmp3d.synthetic.patterns import PATTERNS, PLAIN

# Adults' standing height in mm: mean and spread between people.
ADULT_HEIGHT = 1720.0, 80.0
CHILD_HEIGHT = 1050.0, 1450.0
CHILD_SHARE = 0.08
UNIVERSAL_HEIGHT = 1720.0

SKIN, SHIRT, TROUSERS, HAIR, SHOES, EXTRA, LIPS = range(7)
NUM_MATERIALS = 7

_SKIN_LIGHT, _SKIN_DARK = np.array([0.72, 0.80, 0.93]), np.array([0.16, 0.22, 0.34])
_HAIR_COLOURS = np.array(
    [[0.05, 0.05, 0.06], [0.08, 0.13, 0.2], [0.12, 0.24, 0.38], [0.35, 0.62, 0.8], [0.15, 0.25, 0.55], [0.7, 0.7, 0.7]]
)


@dataclass(frozen=True)
class Body:
    """Bone offsets and girths.

    Args:
        height: Standing height in mm.
        offsets: (J, 3) mm, each joint seen from its parent in the rest pose (``kinematics.forward_kinematics``).
        girth: (3,) factors of trunk, arms and legs.
        head: Factor of the head's size.
    """

    height: float
    offsets: np.ndarray
    girth: np.ndarray
    head: float

    @property
    def leg_length(self) -> float:
        """Thigh and shank in mm."""
        return float(self.offsets[[JOINT['right_knee'], JOINT['right_ankle']], 1].sum())

    @property
    def clearance(self) -> np.ndarray:
        """(J,) mm from a joint down to the skin or sole: what rests on the floor when the joint is the lowest."""
        return self.height * _CLEARANCE

    @property
    def universal_scale(self) -> float:
        """Factor that brings the body to the universal height."""
        return UNIVERSAL_HEIGHT / self.height


@dataclass(frozen=True)
class Appearance:
    """Clothes and colours.

    Args:
        colours: (M, 2, 3) BGR, the two colours that each material's pattern mixes.
        pattern: (M,) index in ``patterns.PATTERNS``.
        period: (M,) mm of one pattern tile.
        sleeve: Share of the arm (shoulder to wrist, 0..2 for upper arm and forearm) that the shirt covers.
        trouser_leg: Share of the leg (0..2 for thigh and shank) that the trousers cover.
        skirt, long_hair, backpack, hat: Whether the person wears one.
    """

    colours: np.ndarray
    pattern: np.ndarray
    period: np.ndarray
    sleeve: float
    trouser_leg: float
    skirt: bool
    long_hair: bool
    backpack: bool
    hat: bool


def sample_body(rng: np.random.Generator) -> Body:
    """Draw a body: an adult with a normal height, now and then a child with a larger head and shorter limbs."""
    child = rng.random() < CHILD_SHARE
    height = rng.uniform(*CHILD_HEIGHT) if child else np.clip(rng.normal(*ADULT_HEIGHT), 1480, 2000)
    factors = np.exp(rng.normal(0, 0.03, len(_SEGMENTS)))
    offsets = _REST * np.append(factors, 1.0)[_SEGMENT_OF, None]
    head = rng.normal(1, 0.03) * (1.22 if child else 1.0)
    offsets[[JOINT['head'], JOINT['head_top']]] *= head
    offsets *= height / _standing_height(offsets)
    girth = np.clip(rng.normal(1, 0.12) + rng.normal(0, 0.06, 3), 0.75, 1.45)
    return Body(float(height), offsets, girth, float(head))


@lru_cache(maxsize=1)
def standard_body() -> Body:
    """The mean body at the universal height."""
    offsets = _REST * (UNIVERSAL_HEIGHT / _standing_height(_REST))
    return Body(UNIVERSAL_HEIGHT, offsets, np.ones(3), 1.0)


def sample_appearance(rng: np.random.Generator, patterned: bool = True) -> Appearance:
    """Draw clothes and colours; ``patterned=False`` leaves cloth in plain colours."""
    colours = _cloth_colours(rng)
    tone = rng.random() ** 1.3
    colours[SKIN] = _SKIN_LIGHT + (_SKIN_DARK - _SKIN_LIGHT) * tone + rng.normal(0, 0.02, 3)
    colours[LIPS] = colours[SKIN, 0] * (0.65, 0.6, 0.9)
    colours[HAIR, 0] = _HAIR_COLOURS[rng.integers(len(_HAIR_COLOURS))] * rng.uniform(0.8, 1.2)
    colours[HAIR, 1] = colours[HAIR, 0] * 0.6
    pattern = np.full(NUM_MATERIALS, PLAIN)
    pattern[HAIR] = PATTERNS.index('grain')
    if patterned:
        pattern[SHIRT] = rng.integers(len(PATTERNS))
        pattern[[TROUSERS, EXTRA]] = np.where(rng.random(2) < 0.35, rng.integers(len(PATTERNS), size=2), PLAIN)
    draws = rng.random(5)
    return Appearance(
        colours=np.clip(colours, 0.02, 1).astype(np.float32),
        pattern=pattern,
        period=rng.uniform(50, 260, NUM_MATERIALS).astype(np.float32),
        sleeve=float(rng.choice([0.05, 0.5, 0.7, 2.0, 2.0])),
        trouser_leg=float(rng.choice([0.6, 0.95, 1.5, 2.0, 2.0, 2.0])),
        skirt=bool(draws[0] < 0.12),
        long_hair=bool(draws[1] < 0.35),
        backpack=bool(draws[2] < 0.12),
        hat=bool(draws[3] < 0.12),
    )


def _cloth_colours(rng: np.random.Generator) -> np.ndarray:
    """(M, 2, 3) colours of every saturation, with dark and light cloth as common as in wardrobes."""
    value = rng.uniform(0.08, 1, (NUM_MATERIALS, 2, 1))
    saturation = rng.beta(1.2, 1.2, (NUM_MATERIALS, 2, 1))
    hue = rng.random((NUM_MATERIALS, 2, 3))
    hue = (hue - hue.min(-1, keepdims=True)) / (np.ptp(hue, axis=-1, keepdims=True) + 1e-6)
    return value * (1 - saturation * (1 - hue))


# Joint seen from its parent, right side, as a share of the standing height.
_SEGMENTS = {
    'spine': (0, -0.125, -0.005), 'neck': (0, -0.148, 0.0), 'head': (0, -0.085, 0.016), 'head_top': (0, -0.18, 0.005),
    'shoulder': (0.103, 0.008, 0), 'elbow': (0, 0.170, 0), 'wrist': (0, 0.146, 0), 'hand': (0, 0.062, 0),
    'hip': (0.054, 0.018, 0), 'knee': (0, 0.243, 0), 'ankle': (0, 0.243, 0), 'toe': (0.006, 0.026, 0.112)}  # fmt: skip
_RESTS = {
    'ankle': 0.044, 'toe': 0.016, 'knee': 0.036, 'hip': 0.055, 'pelvis': 0.075, 'hand': 0.02, 'wrist': 0.02,
    'elbow': 0.028, 'shoulder': 0.04, 'spine': 0.06, 'neck': 0.04, 'head': 0.055, 'head_top': 0.0}  # fmt: skip
_SIDES = {'left_': (-1, 1, 1), 'right_': (1, 1, 1), '': (1, 1, 1)}
_PARTS = [name.removeprefix('left_').removeprefix('right_') for name in JOINT]
_CLEARANCE = np.array([_RESTS[part] for part in _PARTS])
# (J, 3) offsets of the mean body; (J,) row in _SEGMENTS, the last one beyond for the pelvis.
_REST = np.array(
    [
        np.multiply(_SEGMENTS.get(part, (0, 0, 0)), _SIDES[name.removesuffix(part)])
        for name, part in zip(JOINT, _PARTS, strict=True)
    ]
)
_SEGMENT_OF = np.array([[*_SEGMENTS, 'pelvis'].index(part) for part in _PARTS])


def _standing_height(offsets: np.ndarray) -> float:
    """mm from sole to head top of a body in the rest pose whose soles are ``_CLEARANCE`` of a unit height thick."""
    down = offsets[[JOINT['right_hip'], JOINT['right_knee'], JOINT['right_ankle']], 1].sum()
    up = -offsets[[JOINT['spine'], JOINT['neck'], JOINT['head_top']], 1].sum()
    return (down + up) / (1 - _CLEARANCE[JOINT['right_ankle']])
