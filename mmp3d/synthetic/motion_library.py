"""Skeleton motion without pictures, recorded or procedural, for networks that learn from joints alone.

Shapes: N motions, T frames, K = 17 MUPOTS17 joints. World frame: y down, floor at y = 0, z forward; millimetres. A
clip starts above the origin; a camera and a place in front of it are up to the reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmp3d.geometry.skeleton import MUPOTS17
from mmp3d.synthetic import path
from mmp3d.synthetic.body import Body, sample_body, standard_body
from mmp3d.synthetic.bvh import read_bvh
from mmp3d.synthetic.motion import HarmonicMotion, sample_motion, sample_named_motion
from mmp3d.synthetic.posing import stand_bodies
from mmp3d.synthetic.recorded_motion import resample
from mmp3d.synthetic.retarget import Recording, retarget

# Frames that are posed together: bounds the memory (about 2 kB a frame and joint set of rotations).
_CHUNK_FRAMES = 32768


@dataclass(frozen=True)
class MotionClip:
    """A motion as joints.

    Args:
        name: Path of the file below the library's folder, with forward slashes.
        positions: (T, K, 3) mm float32.
        fps: Frames a second.
    """

    name: str
    positions: np.ndarray
    fps: float


def find_recordings(folder: str | Path, pattern: str = '**/*.bvh') -> list[Path]:
    """Motion files below a folder, in the order of their names.

    Raises:
        FileNotFoundError: There is no such folder, or no such file in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder} is no folder; expected one with motions in the BVH format')
    found = sorted(file for file in folder.glob(pattern) if file.is_file())
    if not found:
        raise FileNotFoundError(f'{folder} holds no file {pattern}; expected motions in the BVH format')
    return found


def load_recordings(folder: str | Path, pattern: str = '**/*.bvh') -> list[Recording]:
    """Recordings below a folder, free of body size, named by their path below it. Errors as in :func:`find_recordings`,
    ``read_bvh`` and ``retarget``."""
    files = find_recordings(folder, pattern)
    return [retarget(read_bvh(file), file.relative_to(folder).as_posix()) for file in files]


def load_motion_library(
    folder: str | Path, pattern: str = '**/*.bvh', fps: float | None = None, body: Body | None = None
) -> list[MotionClip]:
    """Recorded motions as joints of one body.

    Args:
        folder: Searched for files.
        pattern: Glob of the files below it.
        fps: Frames a second of the clips; None keeps those of each file.
        body: Body that moves; None takes the mean one, 1720 mm tall.

    Returns:
        A clip a file, in the order of the names; its pelvis starts above the origin, its first heading is kept.

    Raises:
        FileNotFoundError: No such folder or no such files.
        ValueError: A file is no sound BVH file, or has other joints than a person; ``fps`` is not positive.
    """
    if fps is not None and not fps > 0:
        raise ValueError(f'fps: expected a positive number or None, got {fps!r}')
    body = body or standard_body()
    clips = []
    for recording in load_recordings(folder, pattern):
        recording = resample(recording, fps) if fps else recording
        ground = (recording.ground - recording.ground[0]) * body.leg_length
        joints, _ = stand_bodies(
            [body], recording.rotations[None].copy(), ground[None], recording.heading[None],
            recording.lift[None] * body.leg_length)  # fmt: skip
        clips.append(MotionClip(recording.name, _mupots(joints[0]), 1 / recording.frame_time))
    return clips


def sample_procedural_motions(
    rng: np.random.Generator,
    count: int,
    num_frames: int,
    fps: float,
    names: Sequence[str] = (),
    body: Body | None = None,
) -> np.ndarray:
    """Draw motions of the procedural generator on their way over the floor.

    Args:
        rng: Source of randomness.
        count: N motions; 0 is legal.
        num_frames: T frames of each.
        fps: Frames a second.
        names: Motions to draw from, see ``motion.sample_named_motion``; empty for all, as often as scenes have them.
        body: Body that moves; None draws one for each motion.

    Returns:
        (N, T, K, 3) mm float32; the pelvis is above the origin half way through the motion.

    Raises:
        ValueError: A name is unknown.
    """
    times = (np.arange(num_frames) - num_frames / 2) / fps
    result = np.zeros((count, num_frames, MUPOTS17.num_joints, 3), np.float32)
    chunk = max(1, _CHUNK_FRAMES // max(num_frames, 1))
    for start in range(0, count, chunk):
        some = min(chunk, count - start)
        bodies = [body or sample_body(rng) for _ in range(some)]
        motions = [_draw_motion(rng, names) for _ in range(some)]
        paths = [path.sample_single(rng, np.zeros(2)) for _ in range(some)]
        ways = [
            motion.along(way, one.leg_length, times) for motion, way, one in zip(motions, paths, bodies, strict=True)
        ]
        ground, heading = map(np.stack, zip(*ways, strict=True))
        rotations = np.stack([motion.rotations(times) for motion in motions])
        lift = np.stack([motion.lift(times) for motion in motions])
        result[start : start + some] = _mupots(stand_bodies(bodies, rotations, ground, heading, lift)[0])
    return result


def _draw_motion(rng: np.random.Generator, names: Sequence[str]) -> HarmonicMotion:
    return sample_named_motion(rng, str(rng.choice(names))) if len(names) else sample_motion(rng)


def _mupots(joints: np.ndarray) -> np.ndarray:
    """(..., 21, 3) to (..., K, 3) float32: MUPOTS17 is the head of MuCo's joint set."""
    return joints[..., : MUPOTS17.num_joints, :].astype(np.float32)
