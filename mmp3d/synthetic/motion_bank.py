"""Many motions as bone directions over time in one block of memory, and clips of them by index.

Shapes: M motions, F frames of all motions together, P clips, T frames of a clip, J = 21 MuCo joints. Coordinates come
before joints, so that one matrix product adds up the bones of all frames. Directions are those of a world frame with y
down, in which the motion starts wherever it was recorded; lengths in millimetres, way on the floor in leg lengths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from mmp3d.geometry.joint_sets import MUCO21_PARENTS
from mmp3d.synthetic.body import UNIVERSAL_HEIGHT, sample_body, standard_body
from mmp3d.synthetic.bvh import read_bvh
from mmp3d.synthetic.kinematics import JOINT
from mmp3d.synthetic.motion import sample_motion
from mmp3d.synthetic.path import sample_single
from mmp3d.synthetic.posing import stand_bodies
from mmp3d.synthetic.retarget import retarget

_PARENTS = np.array(MUCO21_PARENTS)
_PELVIS = JOINT['pelvis']
_LEGS = [JOINT['right_knee'], JOINT['right_ankle']]


@dataclass(frozen=True, eq=False)
class MotionBank:
    """M motions, one after the other.

    Args:
        directions: (F, 3, J) float32 unit vectors from each joint's parent to the joint, 0 for the pelvis.
        ground: (F, 2) float32 way of the pelvis on the floor (x, z), in leg lengths.
        lift: (F,) float32 height of the body's lowest point above the floor, in leg lengths.
        starts: (M + 1,) int64 first frame of each motion.
        bone_lengths: (M, J) float32 mm.
        clearance: (M, J) float32 mm from a joint to the floor when the body rests on it.
        fps: (M,) float32 frames a second.
        names: M names, of files where the motions come from files.
    """

    directions: np.ndarray
    ground: np.ndarray
    lift: np.ndarray
    starts: np.ndarray
    bone_lengths: np.ndarray
    clearance: np.ndarray
    fps: np.ndarray
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def frames_of(self, motions: np.ndarray) -> np.ndarray:
        """(P,) motions to (P,) int64 number of frames."""
        return self.starts[motions + 1] - self.starts[motions]

    def motion_at(self, frames: np.ndarray) -> np.ndarray:
        """(P,) frames 0..F - 1 to (P,) int64 motions that they belong to."""
        return np.searchsorted(self.starts, frames, side='right') - 1

    def directions_at(self, motions: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Bone directions between frames.

        Args:
            motions: (P,) int.
            places: (P, T) frames since each motion's start, 0 to its number of frames - 1; may lie between two.

        Returns:
            (P, T, 3, J) float32 unit vectors.
        """
        before, after, share = self._neighbours(motions, places)
        if not share.any():
            return self.directions[before]
        share = share[..., None, None]
        between = self.directions[before] * (1 - share) + self.directions[after] * share
        norm = np.sqrt((between * between).sum(axis=-2, keepdims=True))
        return between / np.maximum(norm, np.float32(1e-6))

    def ground_and_lift_at(self, motions: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(P, T, 2) and (P, T) float32 in leg lengths, with the arguments of :meth:`directions_at`."""
        before, after, share = self._neighbours(motions, places)
        ground = self.ground[before] * (1 - share[..., None]) + self.ground[after] * share[..., None]
        return ground, self.lift[before] * (1 - share) + self.lift[after] * share

    def _neighbours(self, motions, places) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        floor = np.floor(places)
        before = self.starts[motions][:, None] + floor.astype(np.int64)
        last = self.starts[motions + 1][:, None] - 1
        return before, np.minimum(before + 1, last), (places - floor).astype(np.float32)


def bank_of(bank_parts: Sequence[MotionBank]) -> MotionBank:
    """One bank of the motions of several. Raises ValueError where there is none."""
    if not bank_parts:
        raise ValueError('a motion bank needs at least one motion')
    joined = {
        spec.name: np.concatenate([getattr(part, spec.name) for part in bank_parts])
        for spec in fields(MotionBank)
        if spec.name not in ('starts', 'names')
    }
    lengths = np.concatenate([np.diff(part.starts) for part in bank_parts])
    names = tuple(name for part in bank_parts for name in part.names)
    return MotionBank(**joined, starts=np.concatenate([[0], np.cumsum(lengths)]), names=names)


def bank_from_positions(
    name: str, positions: np.ndarray, clearance: np.ndarray, lift: np.ndarray, fps: float
) -> MotionBank:
    """One motion from its joints.

    Args:
        name: Name for messages.
        positions: (T, J, 3) mm in a frame with y down; where the floor is, does not matter.
        clearance: (J,) mm, see :class:`MotionBank`.
        lift: (T,) mm by which the lowest point is above the floor.
        fps: Frames a second.

    Raises:
        ValueError: Not a single frame, or numbers that are not finite; names the motion.
    """
    if not len(positions) or not (np.isfinite(positions).all() and np.isfinite(lift).all()):
        bad = np.flatnonzero(~np.isfinite(positions).all(axis=(1, 2)) | ~np.isfinite(lift))
        raise ValueError(
            f'motion {name}: expected at least one frame of finite joints, found {len(positions)} frames of which '
            f'{len(bad)} are not finite (first: {bad[:3].tolist()}); mend the file or take it out of the folder'
        )
    bones = positions - positions[:, _PARENTS]
    norms = np.linalg.norm(bones, axis=-1)
    bone_lengths = np.median(norms, axis=0)
    leg = max(bone_lengths[_LEGS].sum(), 1.0)
    directions = np.moveaxis(bones / np.maximum(norms, 1e-6)[..., None], -1, -2)
    return MotionBank(
        directions=directions.astype(np.float32),
        ground=(positions[:, _PELVIS][:, [0, 2]] / leg).astype(np.float32),
        lift=(lift / leg).astype(np.float32),
        starts=np.array([0, len(positions)]),
        bone_lengths=bone_lengths[None].astype(np.float32),
        clearance=np.asarray(clearance, np.float32)[None],
        fps=np.array([fps], np.float32),
        names=(name,),
    )


def recorded_bank(files: Sequence[Path], folder: Path) -> MotionBank:
    """A bank of recorded motions, all by the body of mean build.

    Args:
        files: BVH files.
        folder: Where they are; their names are their paths below it.

    Raises:
        ValueError: A file is no sound BVH file or not of a person; names the file.
    """
    body = standard_body()
    parts = []
    for file in files:
        recording = retarget(read_bvh(file), file.relative_to(folder).as_posix())
        way = (recording.ground - recording.ground[0]) * body.leg_length
        lift = recording.lift * body.leg_length
        joints, _ = stand_bodies(
            [body], recording.rotations[None].copy(), way[None], recording.heading[None], lift[None])  # fmt: skip
        parts.append(bank_from_positions(recording.name, joints[0], body.clearance, lift, 1 / recording.frame_time))
    return bank_of(parts)


def procedural_bank(seed: int, count: int, seconds: float = 10.0, fps: float = 30.0) -> MotionBank:
    """A bank of drawn motions, each by a body of its own build and of the universal height.

    Args:
        seed: Source of randomness; motion i is the same whatever ``count`` is.
        count: Number of motions.
        seconds: Length of each.
        fps: Frames a second.
    """
    times = np.arange(max(round(seconds * fps), 1)) / fps
    return bank_of([_drawn_motion(np.random.default_rng((seed, number)), number, times) for number in range(count)])


def _drawn_motion(rng: np.random.Generator, number: int, times: np.ndarray) -> MotionBank:
    motion, body = sample_motion(rng), sample_body(rng)
    body = replace(body, height=UNIVERSAL_HEIGHT, offsets=body.offsets * body.universal_scale)
    way, heading = motion.along(sample_single(rng, np.zeros(2)), body.leg_length, times)
    lift = motion.lift(times)
    joints, _ = stand_bodies([body], motion.rotations(times)[None], way[None], heading[None], lift[None])
    name = f'procedural {number}: {motion.name}'
    return bank_from_positions(
        name, joints[0], body.clearance, lift, 1 / (times[1] - times[0]) if len(times) > 1 else 1
    )
