"""Draws clips of people in motion from a bank: which piece, whose body, which way, and what is varied.

Shapes: P people, T frames, J = 21 MuCo joints; coordinates come before joints (P, T, 3, J). World frame with y down and
the floor at y = 0; the pelvis of the middle frame is above the origin. Millimetres, float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from mmp3d.geometry.chains import bones_up_to_root
from mmp3d.geometry.skeleton import MUCO21
from mmp3d.synthetic.counter_random import CounterRandom
from mmp3d.synthetic.kinematics import JOINT
from mmp3d.synthetic.motion_bank import MotionBank
from mmp3d.synthetic.ranges import check_number, check_range

SHORT_MOTIONS = ('bounce', 'hold')
_LEGS = [JOINT['right_knee'], JOINT['right_ankle']]
_FLIP = MUCO21.flip_indices
# Parents before their children.
_OUTWARDS = np.argsort(bones_up_to_root(MUCO21).sum(axis=1), kind='stable')
_SEGMENT_NAMES = sorted({name.removeprefix('left_').removeprefix('right_') for name in JOINT})
# Left and right bones of a person have one length.
_SEGMENT_OF = np.array([_SEGMENT_NAMES.index(name.removeprefix('left_').removeprefix('right_')) for name in JOINT])
_IS_LEG = np.array([name.split('_')[-1] in ('hip', 'knee', 'ankle', 'toe') for name in JOINT])


def _members(*names: str) -> np.ndarray:
    return np.isin(list(JOINT), names)


# What a posture turns as a whole, and the part that carries it (-1: the pelvis).
_PARTS = (
    (~_IS_LEG & ~_members('pelvis'), -1),
    (_members('head', 'head_top'), 0),
    *((_members(*(f'{side}_{name}' for name in ('elbow', 'wrist', 'hand'))), 0) for side in ('left', 'right')),
    *((_members(*(f'{side}_{name}' for name in ('knee', 'ankle', 'toe'))), -1) for side in ('left', 'right')),
)


@dataclass(frozen=True)
class MotionVariation:
    """How clips differ from the motions that they are cut from.

    Args:
        body_scale: Least and greatest factor of the whole body.
        bone_spread: Standard deviation of each bone's own factor (logarithm), left and right alike.
        posture_spread: Standard deviation, in degrees, of the turn that a clip gives to the trunk, the head, each arm
            and each leg.
        mirror: Share of clips with left and right exchanged.
        mix: Share of clips that take the upper body from another motion.
        tempo: Least and greatest factor of the speed.
        short_motion: What a clip does that is longer than its motion: ``'bounce'`` plays it forwards and backwards,
            ``'hold'`` keeps the first and the last pose, and marks those frames as not valid.

    Raises:
        ValueError: A field is out of its range; names the field.
    """

    body_scale: tuple[float, float] = (0.88, 1.12)
    bone_spread: float = 0.03
    posture_spread: float = 4.0
    mirror: float = 0.5
    mix: float = 0.25
    tempo: tuple[float, float] = (0.8, 1.25)
    short_motion: str = 'bounce'

    def __post_init__(self) -> None:
        for name in ('body_scale', 'tempo'):
            check_range(name, getattr(self, name), 0.1, 10)
        for name, most in (('mirror', 1), ('mix', 1), ('bone_spread', 0.3), ('posture_spread', 45)):
            check_number(name, getattr(self, name), 0, most)
        if self.short_motion not in SHORT_MOTIONS:
            raise ValueError(f'short_motion: expected one of {SHORT_MOTIONS}, got {self.short_motion!r}')


@dataclass(frozen=True, eq=False)
class Clips:
    """P people over T frames: (P, T, 3, J) joints, (P, T) bool frames that the motion really has, (P,) motions."""

    joints: np.ndarray
    frame_valid: np.ndarray
    motions: np.ndarray


def draw_clips(
    random: CounterRandom, bank: MotionBank, num_frames: int, fps: float, variation: MotionVariation
) -> Clips:
    """Draw one clip for each stream of ``random``; every recorded frame is as likely as any other.

    Args:
        random: P streams.
        bank: The motions.
        num_frames: T.
        fps: Frames a second of the clips.
        variation: What is varied.
    """
    motions = bank.motion_at(random.below(len(bank.directions)))
    tempo = random.uniform(low=variation.tempo[0], high=variation.tempo[1]) / fps
    places, frame_valid = _places(random, bank, motions, tempo, num_frames, variation.short_motion)
    directions = bank.directions_at(motions, places)
    ground, lift = bank.ground_and_lift_at(motions, places)
    _mix_upper_bodies(random, bank, directions, tempo, variation)
    _mirror(random, directions, ground, variation.mirror)
    heading = random.uniform(high=2 * np.pi)
    lengths, clearance = _bodies(random, bank, motions, variation)
    bones = _turn(directions, _postures(random, heading, variation.posture_spread))
    bones *= lengths[:, None, None]
    joints = _joined(bones)
    leg = lengths[:, _LEGS].sum(axis=1)
    joints[:, :, [0, 2]] += (_turned_ground(ground, heading) * leg[:, None, None])[..., None]
    lowest = (joints[:, :, 1] + clearance[:, None]).max(axis=-1)
    joints[:, :, 1] -= (lowest + lift * leg[:, None])[..., None]
    return Clips(joints, frame_valid, motions)


def _places(random, bank, motions, tempo, num_frames, short_motion) -> tuple[np.ndarray, np.ndarray]:
    """(P, T) places of the frames in the motions, and (P, T) bool whether they lie within."""
    last = (bank.frames_of(motions) - 1).astype(np.float64)
    step = tempo * bank.fps[motions]
    span = step * (num_frames - 1)
    start = random.uniform() * (last - span)
    places = start[:, None] + np.arange(num_frames) * step[:, None]
    inside = (places >= 0) & (places <= last[:, None])
    if short_motion == 'bounce':
        places = last[:, None] - np.abs(np.mod(places, 2 * np.maximum(last, 1e-9)[:, None]) - last[:, None])
        inside[:] = True
    return np.clip(places, 0, last[:, None]), inside


def _mix_upper_bodies(random, bank, directions, tempo, variation) -> None:
    """Give some clips the trunk, arms and head of another motion, seen from the own pelvis."""
    mixed = np.flatnonzero(random.uniform() < variation.mix)
    if not len(mixed):
        return
    streams = random.fork(1, mixed)
    motions = bank.motion_at(streams.below(len(bank.directions)))
    places, _ = _places(streams, bank, motions, tempo[mixed], directions.shape[1], 'bounce')
    other = bank.directions_at(motions, places)
    turned = other[..., ~_IS_LEG]
    angle = _facing(directions[mixed]) - _facing(other)
    cos, sin = np.cos(angle)[..., None], np.sin(angle)[..., None]
    x, z = turned[:, :, 0].copy(), turned[:, :, 2].copy()
    turned[:, :, 0], turned[:, :, 2] = cos * x + sin * z, cos * z - sin * x
    rows, columns = np.ix_(mixed, np.flatnonzero(~_IS_LEG))
    directions[rows, :, :, columns] = np.moveaxis(turned, -1, 1)


def _facing(directions: np.ndarray) -> np.ndarray:
    """(P, T) rad of the way the hips face, from +z towards +x."""
    across = directions[..., JOINT['right_hip']] - directions[..., JOINT['left_hip']]
    return np.arctan2(-across[..., 2], across[..., 0])


def _mirror(random, directions, ground, share) -> None:
    mirrored = np.flatnonzero(random.uniform() < share)
    flipped = directions[mirrored][..., _FLIP]
    flipped[:, :, 0] *= -1
    directions[mirrored] = flipped
    ground[mirrored, :, 0] *= -1


def _bodies(random, bank, motions, variation) -> tuple[np.ndarray, np.ndarray]:
    """(P, J) mm bone lengths and (P, J) mm clearances."""
    scale = random.uniform(1, low=variation.body_scale[0], high=variation.body_scale[1])
    factors = np.exp(random.normal(len(_SEGMENT_NAMES)) * np.float32(variation.bone_spread))[:, _SEGMENT_OF]
    return bank.bone_lengths[motions] * scale * factors, bank.clearance[motions] * scale


def _postures(random, heading: np.ndarray, spread: float) -> np.ndarray:
    """(P, 3, 3, J) rotation of each bone: the heading of the person after the small turns of the parts."""
    about_vertical = np.zeros((len(heading), 3))
    about_vertical[:, 1] = heading
    whole = Rotation.from_rotvec(about_vertical).as_matrix().astype(np.float32)
    turns = random.normal(len(_PARTS), 3).reshape(-1, 3) * np.float32(np.radians(spread))
    turns = Rotation.from_rotvec(turns).as_matrix().astype(np.float32).reshape(-1, len(_PARTS), 3, 3)
    rotations = np.repeat(whole[..., None], MUCO21.num_joints, axis=-1)
    for part, (members, carrier) in enumerate(_PARTS):
        carried = whole if carrier < 0 else whole @ turns[:, carrier]
        rotations[..., members] = (carried @ turns[:, part])[..., None]
    return rotations


def _turn(directions: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    """(P, T, 3, J) directions, each bone turned by its (P, 3, 3, J) rotation."""
    turned = np.empty_like(directions)
    for row in range(3):
        first, second, third = (rotations[:, None, row, column] for column in range(3))
        turned[:, :, row] = first * directions[:, :, 0] + second * directions[:, :, 1] + third * directions[:, :, 2]
    return turned


def _joined(bones: np.ndarray) -> np.ndarray:
    """(P, T, 3, J) bones from parent to joint, added up in place to joints from the pelvis."""
    # Not one matrix product: its last digits would change with the number of people that are drawn together.
    for joint in _OUTWARDS[1:]:
        bones[..., joint] += bones[..., MUCO21.parents[joint]]
    return bones


def _turned_ground(ground: np.ndarray, heading: np.ndarray) -> np.ndarray:
    """(P, T, 2) way on the floor from its middle frame, turned by the heading."""
    ground = ground - ground[:, ground.shape[1] // 2][:, None]
    cos, sin = np.cos(heading)[:, None], np.sin(heading)[:, None]
    return np.stack([cos * ground[..., 0] + sin * ground[..., 1], cos * ground[..., 1] - sin * ground[..., 0]], axis=-1)
