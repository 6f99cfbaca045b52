"""What may be done to a clip before it is written: smoothing, a known height, the world frame.

Shapes: N people, T frames, K joints. Millimetres.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mmp3d.export.people_clip import PeopleClip
from mmp3d.export.smoothing import METHODS, smoothed
from mmp3d.geometry.floor import fit_floor, world_on_floor

# Bones from the top of the head to an ankle. Their summed length is the height of a person in any pose.
HEIGHT_CHAIN = ('head_top', 'neck', 'spine', 'pelvis')
LEGS = (('left_hip', 'left_knee', 'left_ankle'), ('right_hip', 'right_knee', 'right_ankle'))
# The ankle's joint lies above the sole by about 4% of the height (Drillis and Contini, 1966: 0.039).
ANKLE_HEIGHT = 0.039
SHORTEST, TALLEST = 300.0, 3000.0


def smooth_clip(clip: PeopleClip, method: str) -> PeopleClip:
    """The clip smoothed by :func:`~mmp3d.export.smoothing.smoothed`; ``processing`` has the accelerations.

    Examples:
        >>> noise = np.random.default_rng(0).normal(0, 10, (1, 60, 17, 3)) + [0, 0, 3000]
        >>> clip = PeopleClip(noise, np.ones((1, 60, 17)), np.array([0]), fps=30)
        >>> record = smooth_clip(clip, 'zero-phase').processing['smoothing']
        >>> record['acceleration_after'] < record['acceleration_before'] / 4
        True
    """
    positions = smoothed(clip.positions, clip.fps, method)
    record = dict(
        method=method,
        acceleration_before=mean_acceleration(clip.positions, clip.fps),
        acceleration_after=mean_acceleration(positions, clip.fps),
    )
    return clip.replaced(positions=positions, processing={**clip.processing, 'smoothing': record})


def mean_acceleration(positions: np.ndarray, fps: float) -> float | None:
    """Mean length of the second difference, mm/s^2, over all (N, T, K, 3); None where no joint has three frames."""
    second = np.linalg.norm(np.diff(positions.astype(np.float64), 2, axis=1), axis=-1) * fps**2
    known = second[np.isfinite(second)]
    return float(known.mean()) if len(known) else None


def person_heights(clip: PeopleClip) -> np.ndarray:
    """(N,) mm from the bones' lengths, the median over frames; NaN where a bone is never there."""
    place = clip.joint_names.index
    try:
        chains = [[place(name) for name in HEIGHT_CHAIN], *[[place(name) for name in leg] for leg in LEGS]]
    except ValueError as error:
        raise ValueError(f'the height is measured on the joints of mupots17: {error}') from error
    trunk, *legs = (_length(clip.positions[:, :, chain]) for chain in chains)
    # The hips lie at the pelvis' height.
    heights = (trunk + np.mean(legs, axis=0)) / (1 - ANKLE_HEIGHT)
    known = [row[np.isfinite(row)] for row in heights]
    return np.array([np.median(row) if len(row) else np.nan for row in known])


def scale_to_height(clip: PeopleClip, height: float, track_id: int | None = None) -> PeopleClip:
    """The clip scaled about the camera so that a person has the known height; their images stay the same.

    Args:
        clip: In the camera frame.
        height: mm.
        track_id: Whose; None for the person who is there in most frames.

    Raises:
        ValueError: ``height`` is not in mm, nobody is there, or the person is not known.
    """
    _check_height(height)
    if clip.frame != 'camera':
        raise ValueError('the known height must be given before the world frame is fitted')
    if track_id is None:
        row = int(clip.present.sum(axis=1).argmax()) if len(clip.track_ids) else None
    else:
        row = next(iter(np.flatnonzero(clip.track_ids == track_id)), None)
    if row is None:
        raise ValueError(
            f'no person {track_id if track_id is not None else ""} in the clip; ids: {clip.track_ids.tolist()}'
        )
    factor = height / person_heights(clip)[row]
    if not np.isfinite(factor):
        raise ValueError(f'person {clip.track_ids[row]} is never there with all bones from head to foot')
    record = dict(person=int(clip.track_ids[row]), height_mm=float(height), factor=float(factor))
    return clip.replaced(positions=clip.positions * np.float32(factor), processing={**clip.processing, 'scale': record})


def clip_in_world(clip: PeopleClip) -> PeopleClip:
    """The clip in the world frame of :mod:`mmp3d.geometry.floor`, the lowest ankle of each frame standing on the floor.

    Raises:
        ValueError: The clip is not in the camera frame, or its feet show no floor.
    """
    if clip.frame != 'camera':
        raise ValueError(f'the floor is fitted in the camera frame, the clip is in the {clip.frame} frame')
    ankles = [clip.joint_names.index(name) for name in ('left_ankle', 'right_ankle') if name in clip.joint_names]
    if not ankles:
        raise ValueError('the clip has no ankles to fit a floor to')
    feet = clip.positions[:, :, ankles].reshape(-1, len(ankles), 3)
    feet = feet[np.isfinite(feet).all(axis=(1, 2))]
    lowest = feet[np.arange(len(feet)), feet[..., 1].argmax(axis=1)] if len(feet) else np.zeros((0, 3))
    normal, offset = fit_floor(lowest)
    heights = person_heights(clip)
    offset -= ANKLE_HEIGHT * float(np.nanmedian(heights)) if np.isfinite(heights).any() else 0.0
    rotation, translation = world_on_floor(normal, offset)
    positions = (clip.positions - translation) @ rotation
    camera = None if clip.camera is None else replace(clip.camera, R=rotation, t=translation)
    record = dict(R=rotation.tolist(), t=translation.tolist(), camera_height_mm=-offset)
    processing = {**clip.processing, 'world': record}
    return clip.replaced(positions=positions, frame='world', camera=camera, processing=processing)


def _check_height(height: float) -> None:
    if not SHORTEST <= height <= TALLEST:
        raise ValueError(f'the height must be {SHORTEST:.0f} to {TALLEST:.0f} mm, got {height!r}')


def _length(points: np.ndarray) -> np.ndarray:
    """(N, T) summed lengths of the bones of (N, T, J, 3)."""
    return np.linalg.norm(np.diff(points, axis=2), axis=-1).sum(axis=-1)


def add_adjustment_arguments(parser: argparse.ArgumentParser) -> None:
    """The options ``--smooth``, ``--height``, ``--height-of`` and ``--world``."""
    parser.add_argument('--smooth', choices=list(METHODS), help='smooth each person; zero-phase does not lag')
    parser.add_argument('--height', type=float, metavar='MM', help="a person's known height, which fixes the scale")
    parser.add_argument('--height-of', type=int, metavar='ID', help='whose; default who is there in most frames')
    parser.add_argument('--world', action='store_true', help='world frame: floor at z = 0 (fitted to the feet), z up')


def check_adjustments(args: argparse.Namespace) -> None:
    """Raise ValueError for options that no clip can meet, before there is one."""
    if args.height_of is not None and args.height is None:
        raise ValueError('--height-of names whose height --height is; give --height MM too')
    if args.height is not None:
        _check_height(args.height)


def adjusted(clip: PeopleClip, args: argparse.Namespace, failures: list[str] | None = None) -> PeopleClip:
    """The clip as these options ask for; prints what smoothing and scaling did.

    Args:
        clip: In the camera frame.
        args: Parsed options of :func:`add_adjustment_arguments`.
        failures: Gets a line for each adjustment that this clip does not allow, which is then left out.

    Raises:
        ValueError: An adjustment is not possible, and ``failures`` is None.
    """
    check_adjustments(args)
    steps: dict[str, Callable[[PeopleClip], PeopleClip]] = {
        '--smooth': lambda clip: _smoothed_aloud(clip, args.smooth),
        '--height': lambda clip: _scaled_aloud(clip, args.height, args.height_of),
        '--world': clip_in_world,
    }
    for option, step in steps.items():
        if not getattr(args, option[2:]):
            continue
        try:
            clip = step(clip)
        except ValueError as error:
            if failures is None:
                raise
            failures.append(f'{option} was left out: {error}')
    return clip


def _smoothed_aloud(clip: PeopleClip, method: str) -> PeopleClip:
    clip = smooth_clip(clip, method)
    record = clip.processing['smoothing']
    before, after = record['acceleration_before'], record['acceleration_after']
    if before is not None:
        print(f'smoothed ({method}): mean acceleration {before:.0f} -> {after:.0f} mm/s^2')
    return clip


def _scaled_aloud(clip: PeopleClip, height: float, track_id: int | None) -> PeopleClip:
    clip = scale_to_height(clip, height, track_id)
    print(f'scaled by {clip.processing["scale"]["factor"]:.4f}')
    return clip
