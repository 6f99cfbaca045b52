"""3DPW's own file of one sequence.

Shapes: T frames, C people of the sequence, J = 24 joints of SMPL. Millimetres (metres in the file).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mmp3d.datasets.safe_pickle import read_pickle
from mmp3d.geometry import SMPL24
from mmp3d.geometry.dataset_cameras import MILLIMETRES_PER_METRE

J = SMPL24.num_joints
EXPECTED = 'the dict of a 3DPW sequence (jointPositions, cam_poses, cam_intrinsics, campose_valid)'
ROTATION_TOLERANCE = 1e-3


class PW3DSequence(NamedTuple):
    """One sequence.

    ``points`` (T, C, J, 3) mm in the camera frame of each frame, ``valid`` (T, C) bool: the camera was aligned with the
    person, ``intrinsics`` (4,) fx, fy, cx, cy px, ``poses`` (T, 12) the moving camera: R row by row, then t in mm
    (world to camera), and ``lost`` the number of frames without a usable camera pose, in which nobody is valid.
    """

    points: np.ndarray
    valid: np.ndarray
    intrinsics: np.ndarray
    poses: np.ndarray
    lost: int

    @property
    def num_frames(self) -> int:
        return len(self.valid)


def read_pw3d_sequence(path: str | Path) -> PW3DSequence:
    """Read ``<sequence>.pkl``, with its 3D moved from the world into the moving camera.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is damaged, holds objects from outside numpy, or a field is not as 3DPW has it.
    """
    content = read_pickle(path)
    if not isinstance(content, dict):
        raise ValueError(f'{path}: must hold {EXPECTED}, got {type(content).__name__}')
    poses = _array(path, content, 'cam_poses', (None, 4, 4))
    world = _per_person(path, content, 'jointPositions', (len(poses), J * 3))
    valid = _per_person(path, content, 'campose_valid', (len(poses),))
    if len(valid) != len(world):
        raise ValueError(f'{path}: "campose_valid" has {len(valid)} people, "jointPositions" {len(world)}')
    usable = _is_pose(poses)
    R, t = np.where(usable[:, None, None], poses[:, :3], np.eye(3, 4)).astype(np.float64)[..., :3], poses[:, :3, 3]
    t = np.where(usable[:, None], t, 0)
    with np.errstate(invalid='ignore', over='ignore'):
        points = np.einsum('tij,ctkj->tcki', R, world.reshape(len(world), len(poses), J, 3)) + t[:, None, None]
    return PW3DSequence(
        points=points * MILLIMETRES_PER_METRE,
        valid=(valid.T == 1) & usable[:, None],
        intrinsics=_intrinsics(path, content),
        poses=np.concatenate([R.reshape(-1, 9), t * MILLIMETRES_PER_METRE], axis=1),
        lost=int((~usable).sum()),
    )


def _is_pose(poses: np.ndarray) -> np.ndarray:
    """(T,) bool: a rotation and a translation."""
    R = np.where(np.isfinite(poses).all(axis=(1, 2))[:, None, None], poses, 0)[:, :3, :3]
    with np.errstate(invalid='ignore', over='ignore'):
        off = np.abs(R @ R.swapaxes(1, 2) - np.eye(3)).max(axis=(1, 2))
        return (off < ROTATION_TOLERANCE) & (np.linalg.det(R) > 0)


def _intrinsics(path: str | Path, content: dict) -> np.ndarray:
    K = _array(path, content, 'cam_intrinsics', (3, 3))
    intrinsics = K[[0, 1, 0, 1], [0, 1, 2, 2]]
    if not (np.isfinite(K).all() and (intrinsics[:2] > 0).all() and K[0, 1] == 0 and K[2].tolist() == [0, 0, 1]):
        raise ValueError(f'{path}: field "cam_intrinsics" must be a camera matrix without skew, got {K.tolist()}')
    return intrinsics


def _per_person(path: str | Path, content: dict, name: str, shape: tuple) -> np.ndarray:
    """(C, *shape) from the list with one array a person."""
    people = _get(path, content, name)
    if not isinstance(people, (list, tuple, np.ndarray)) or not np.ndim(people):
        raise ValueError(f'{path}: field {name!r} must be a list with an array a person, got {people!r:.60}')
    checked = [_checked(path, f'{name}[{person}]', each, shape) for person, each in enumerate(people)]
    return np.stack(checked) if checked else np.zeros((0, *shape))


def _array(path: str | Path, content: dict, name: str, shape: tuple) -> np.ndarray:
    return _checked(path, name, _get(path, content, name), shape)


def _get(path: str | Path, content: dict, name: str) -> Any:
    if name not in content:
        raise ValueError(f'{path}: lacks {name!r} of {EXPECTED}; it has {sorted(map(str, content))}')
    return content[name]


def _checked(path: str | Path, name: str, value: Any, shape: tuple) -> np.ndarray:
    try:
        array = np.asarray(value, np.float64)
    except (ValueError, TypeError, OverflowError):
        array = np.zeros(0)
    wanted = tuple(there if side is None else side for side, there in zip(shape, array.shape, strict=False))
    if array.shape != wanted or array.ndim != len(shape) or 0 in array.shape:
        raise ValueError(f'{path}: field {name!r} must be numbers of shape {shape}, got shape {np.shape(value)}')
    return array
