"""MPI-INF-3DHP's own files: ``annot.mat`` and ``camera.calibration`` of one training sequence.

Shapes: T frames, V cameras, J = 28 joints of the release, K = 17 joints of MuPoTS-17. Pixels of the full image,
millimetres in the camera frame.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmp3d.datasets.coco_layout import MAX_IMAGE_SIDE
from mmp3d.datasets.mat5 import read_mat5
from mmp3d.datasets.raw_file import check_data_file
from mmp3d.geometry import Camera

J = 28
# Place among the 28 joints of each joint of MuPoTS-17, as the release's own test set of 17 joints picks them.
MUPOTS17_OF_28 = (7, 5, 14, 15, 16, 9, 10, 11, 23, 24, 25, 18, 19, 20, 4, 3, 6)
CALIBRATION_FIELDS = {'size': 2, 'intrinsic': 16, 'extrinsic': 16}


class SequencePoses(NamedTuple):
    """One sequence by one camera: ``pixels`` (T, K, 2), ``points`` and ``univ_points`` (T, K, 3) mm."""

    pixels: np.ndarray
    points: np.ndarray
    univ_points: np.ndarray


def read_annotations(path: str | Path) -> list[SequencePoses]:
    """Read ``annot.mat``: the poses before each camera, by camera number.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is damaged, or a variable or shape is not as MPI-INF-3DHP has it.
    """
    columns = {name: _cells(path, name, size) for name, size in (('annot2', 2), ('annot3', 3), ('univ_annot3', 3))}
    shapes = {name: [cell.shape[:2] for cell in cells] for name, cells in columns.items()}
    if not shapes['annot2'] == shapes['annot3'] == shapes['univ_annot3']:
        raise ValueError(f'{path}: annot2, annot3 and univ_annot3 must have the same cameras and frames')
    return [SequencePoses(*cells) for cells in zip(*columns.values(), strict=True)]


def read_calibration(path: str | Path) -> list[Camera]:
    """Read ``camera.calibration``: the cameras by number, from a world in mm.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is damaged, or a camera lacks a field; names both.
    """
    check_data_file(path)
    blocks: list[dict[str, list[float]]] = []
    for line in Path(path).read_text(encoding='utf-8', errors='replace').splitlines():
        key, *words = line.split() or ['']
        if key == 'name':
            blocks.append({})
        elif blocks and key in CALIBRATION_FIELDS:
            blocks[-1][key] = _numbers(path, len(blocks) - 1, key, words)
    if not blocks:
        raise ValueError(f'{path}: holds no camera; expected a "Skeletool Camera Calibration File"')
    return [_camera(path, number, block) for number, block in enumerate(blocks)]


def _cells(path: str | Path, name: str, size: int) -> list[np.ndarray]:
    """The (T, K, size) arrays of all cameras."""
    cells = read_mat5(path, name)
    if not isinstance(cells, np.ndarray) or cells.dtype != object:
        raise ValueError(f'{path}: variable {name!r} must be a cell array with a matrix a camera')
    return [_joints(path, f'{name}{{{number}}}', cell, size) for number, cell in enumerate(cells.ravel(), 1)]


def _joints(path: str | Path, name: str, cell: np.ndarray, size: int) -> np.ndarray:
    if not isinstance(cell, np.ndarray) or cell.dtype.kind not in 'uif' or cell.shape[1:] != (J * size,):
        raise ValueError(f'{path}: {name} must be numbers of shape (frames, {J * size}), got {np.shape(cell)}')
    with np.errstate(over='ignore'):
        return cell.reshape(-1, J, size)[:, MUPOTS17_OF_28].astype(np.float32)


def _numbers(path: str | Path, camera: int, key: str, words: list[str]) -> list[float]:
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) != CALIBRATION_FIELDS[key] or not np.isfinite(numbers).all():
        raise ValueError(
            f'{path}: camera {camera}: {key!r} must be {CALIBRATION_FIELDS[key]} numbers, got {" ".join(words)!r:.60}'
        )
    return numbers


def _camera(path: str | Path, number: int, block: dict[str, list[float]]) -> Camera:
    if missing := [key for key in CALIBRATION_FIELDS if key not in block]:
        raise ValueError(f'{path}: camera {number} lacks {missing}')
    K, pose = (np.reshape(block[key], (4, 4)) for key in ('intrinsic', 'extrinsic'))
    size = [int(side) for side in block['size']]
    if not 1 <= min(size) <= max(size) <= MAX_IMAGE_SIDE:
        raise ValueError(f"{path}: camera {number}: 'size' must be 1 to {MAX_IMAGE_SIDE} px, got {size}")
    try:
        return Camera.from_intrinsics(K[[0, 1], [0, 1]], K[:2, 2], size, R=pose[:3, :3], t=pose[:3, 3])
    except ValueError as error:
        raise ValueError(f'{path}: camera {number}: {error}') from error
