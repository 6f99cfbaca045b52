"""Reads the package of intermediate files that the authors ship for MuPoTS-3D, one sequence at a time.

Shapes: T frames, N people, K = 17 joints in the order of MPI-INF-3DHP, H = 17 in that of Human3.6M, L = 16 bones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmp3d.datasets.safe_pickle import read_pickle

# Branch of the system to the folders of its poses and of its depths.
BRANCHES = {
    'td': ('pred', 'pred_dep'),
    'bu': ('pred_bu', 'pred_dep_bu'),
    'both': ('pred_inte', 'pred_dep_inte'),
}


@dataclass(frozen=True, eq=False)
class ReleasedTracks:
    """What the package says of one sequence; people are the annotated tracks.

    Attributes:
        poses: (T, N, K, 3) near the root, roughly in metres.
        depths: (T, N) predicted depth of the root, mm; the release has fitted those of either branch to the annotated.
        true_depths: (T, N) annotated depth of the root, mm.
    """

    poses: np.ndarray
    depths: np.ndarray
    true_depths: np.ndarray


@dataclass(frozen=True, eq=False)
class ReleasedPoses2D:
    """Input of the released top-down nets for one person.

    Attributes:
        keypoints: (T, H, 2) px of the image at half its size.
        joint_adjacency: (T, H, H).
        bone_adjacency: (T, L, L).
        occlusion: (T, 1, 1), 0 or 1.
    """

    keypoints: np.ndarray
    joint_adjacency: np.ndarray
    bone_adjacency: np.ndarray
    occlusion: np.ndarray


def read_released_tracks(root: str | Path, sequence: int, branch: str = 'both') -> ReleasedTracks:
    """Predictions of a sequence, and the annotated depths beside them.

    Args:
        root: The package's folder, in which `pred` and `depths` lie.
        sequence: Number of the sequence from 1, as in `TS1`.
        branch: `'td'`, `'bu'` or `'both'`.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: The branch is unknown, or a file is damaged or of another shape.
    """
    if branch not in BRANCHES:
        raise ValueError(f'branch must be one of {sorted(BRANCHES)}, got {branch!r}')
    of_poses, of_depths = BRANCHES[branch]
    path = Path(root) / of_poses / f'{sequence}.pkl'
    poses = _array(read_pickle(path), path, (None, None, 3, 17)).swapaxes(-1, -2)
    frames, people = poses.shape[:2]
    depths, true_depths = (
        np.stack([_person(root, folder, sequence, person, frames) for person in range(people)], axis=1)
        for folder in (of_depths, 'depths')
    )
    return ReleasedTracks(poses, depths, true_depths)


def read_released_poses_2d(root: str | Path, sequence: int, person: int) -> ReleasedPoses2D:
    """The stored 2D poses of one person, counted from 0.

    Raises:
        FileNotFoundError, ValueError: see `read_released_tracks`.
    """
    path = Path(root) / 'est_p2ds' / f'{sequence - 1:02d}_{person:02d}.pkl'
    parts = read_pickle(path)
    if not isinstance(parts, list | tuple) or len(parts) != 4:
        raise ValueError(f'{path}: expected a list of 4 arrays, found {type(parts).__name__}. Fetch the file again.')
    keypoints = _array(parts[0], path, (None, 17, 2))
    shapes = ((17, 17), (16, 16), (1, 1))
    others = (_array(part, path, (len(keypoints), *shape)) for part, shape in zip(parts[1:], shapes, strict=True))
    return ReleasedPoses2D(keypoints, *others)


def _person(root: str | Path, folder: str, sequence: int, person: int, frames: int) -> np.ndarray:
    path = Path(root) / folder / f'{sequence - 1:02d}_{person:02d}.pkl'
    return _array(read_pickle(path), path, (frames,))


def _array(value: object, path: Path, shape: tuple[int | None, ...]) -> np.ndarray:
    """As float32; None in `shape` is any length."""
    try:
        array = np.asarray(value, np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f'{path}: not an array of numbers ({error}). Fetch the file again.') from error
    fits = array.ndim == len(shape) and all(want in (None, have) for want, have in zip(shape, array.shape, strict=True))
    if not fits:
        wanted = ' x '.join('any' if size is None else str(size) for size in shape)
        raise ValueError(f'{path}: array of shape {array.shape}, expected {wanted}. Fetch the file again.')
    return array
