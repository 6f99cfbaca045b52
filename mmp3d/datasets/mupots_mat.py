"""MuPoTS-3D's own files: ``annot.mat`` and ``occlusion.mat`` of one sequence.

Shapes: T frames, C annotated people of the sequence, K = 17 joints. Pixels of the full image, millimetres in the
camera frame.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mmp3d.datasets.mat5 import read_mat5
from mmp3d.geometry import MUPOTS17
from mmp3d.geometry.intrinsics import fit_intrinsics

K = MUPOTS17.num_joints
POSE_FIELDS = {'annot2': (2, K), 'annot3': (3, K), 'univ_annot3': (3, K)}
MAX_FIT_ERROR_PX = 5.0


class MuPoTSSequence(NamedTuple):
    """One sequence.

    ``pixels`` (T, C, K, 2) px, ``points`` and ``univ_points`` (T, C, K, 3) mm, ``valid`` (T, C) bool: the person is
    annotated in the frame, ``occluded`` (T, C, K) bool. Values are NaN where a cell of the file is empty.
    """

    pixels: np.ndarray
    points: np.ndarray
    univ_points: np.ndarray
    valid: np.ndarray
    occluded: np.ndarray

    @property
    def num_frames(self) -> int:
        return len(self.valid)


def read_sequence(folder: Path) -> MuPoTSSequence:
    """Read both files of a sequence folder.

    Raises:
        FileNotFoundError: One of the files is missing.
        ValueError: A file is damaged, or a variable, field or shape is not as MuPoTS-3D has it.
    """
    path = folder / 'annot.mat'
    cells = _cell_array(path, 'annotations')
    poses = {name: _poses(path, cells, name, shape) for name, shape in POSE_FIELDS.items()}
    valid = _each(path, cells, lambda cell: float(_field(cell, 'isValidFrame', (1, 1))[0, 0]), np.zeros(()))
    return MuPoTSSequence(
        pixels=poses['annot2'],
        points=poses['annot3'],
        univ_points=poses['univ_annot3'],
        valid=valid > 0,
        occluded=_occlusion(folder / 'occlusion.mat', cells.shape),
    )


def count_frames(folder: Path) -> int:
    """Number of frames of a sequence. Raises as :func:`read_sequence`."""
    return len(_cell_array(folder / 'annot.mat', 'annotations'))


def sequence_intrinsics(sequence: MuPoTSSequence) -> np.ndarray | None:
    """Estimate the camera of a sequence, which MuPoTS-3D does not ship, from its own 2D and 3D poses.

    Visible joints of valid people are used, all their joints where those are too few.

    Returns:
        (4,) fx, fy, cx, cy px; None where nobody is annotated.

    Raises:
        ValueError: 2D and 3D poses are not projections of each other (median error above 5 px).
    """
    if not sequence.valid.any():
        return None
    usable = sequence.valid[..., None] & np.isfinite(sequence.pixels).all(-1) & np.isfinite(sequence.points).all(-1)
    visible = usable & ~sequence.occluded
    picked = visible if visible.sum() >= K else usable
    points, pixels = sequence.points[picked], sequence.pixels[picked]
    f, c = fit_intrinsics(points, pixels)
    error = np.linalg.norm(points[:, :2] / points[:, 2:] * f + c - pixels, axis=1)
    if not np.median(error) <= MAX_FIT_ERROR_PX:
        raise ValueError(
            f'no camera projects annot3 onto annot2: the best one is off by {np.median(error):.1f} px in the median, '
            f'expected at most {MAX_FIT_ERROR_PX:g}'
        )
    return np.concatenate([f, c])


def _cell_array(path: Path, variable: str) -> np.ndarray:
    if not path.exists():
        raise FileNotFoundError(f'{path} does not exist; a MuPoTS-3D sequence folder holds it')
    cells = read_mat5(path, variable)
    if not isinstance(cells, np.ndarray) or cells.dtype != object or cells.ndim != 2 or not len(cells):
        raise ValueError(
            f'{path}: variable {variable!r} must be a cell array (frames, people), got '
            f'{getattr(cells, "dtype", "a struct")} of shape {np.shape(cells)}'
        )
    return cells


def _poses(path: Path, cells: np.ndarray, name: str, shape: tuple) -> np.ndarray:
    stacked = _each(path, cells, lambda cell: _field(cell, name, shape), np.full(shape, np.nan))
    return np.swapaxes(stacked, -1, -2).astype(np.float32)


def _each(path: Path, cells: np.ndarray, read: Any, empty: np.ndarray) -> np.ndarray:
    values: list[Any] = []
    for (frame, person), cell in np.ndenumerate(cells):
        try:
            values.append(read(cell) if np.size(cell) else empty)
        except (ValueError, TypeError, IndexError) as error:
            raise ValueError(f'{path}: cell {{{frame + 1},{person + 1}}}: {error}') from error
    return np.reshape(np.array(values, np.float64), (*cells.shape, *np.shape(empty)))


def _field(cell: Any, name: str, shape: tuple) -> np.ndarray:
    fields = cell if isinstance(cell, dict) else {}
    if name not in fields:
        raise ValueError(f'lacks the field {name!r}, it has {sorted(fields)}')
    value = np.asarray(fields[name])
    if value.shape != shape or value.dtype.kind not in 'buif':
        raise ValueError(f'field {name!r} must be numbers of shape {shape}, got {value.dtype} of shape {value.shape}')
    return value


def _occlusion(path: Path, shape: tuple) -> np.ndarray:
    cells = _cell_array(path, 'occlusion_labels')
    if cells.shape != shape:
        raise ValueError(
            f'{path}: variable "occlusion_labels" must have the shape of annot.mat\'s annotations {shape}, '
            f'got {cells.shape}'
        )
    return _each(path, cells, _occlusion_labels, np.zeros(K)) > 0


def _occlusion_labels(cell: np.ndarray) -> np.ndarray:
    value = np.asarray(cell)
    if value.size != K or value.dtype.kind not in 'buif':
        raise ValueError(f'must be {K} occlusion labels, got {value.dtype} of shape {value.shape}')
    return value.ravel()
