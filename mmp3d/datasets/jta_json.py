"""JTA's own annotation file of one sequence.

Shapes: R rows of the file (one joint of one person in one frame), P people of all frames, J = 22 joints of JTA-22, K =
17 of MuPoTS-17. Pixels of the full image, millimetres in the camera frame (metres in the file).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmp3d.datasets.json_file import read_json
from mmp3d.datasets.people import in_mupots17
from mmp3d.geometry import JTA22, MUPOTS17, Camera, jta_camera
from mmp3d.geometry.dataset_cameras import MILLIMETRES_PER_METRE
from mmp3d.geometry.intrinsics import fit_intrinsics

J = JTA22.num_joints
COLUMNS = ('frame', 'person_id', 'joint_type', 'x2d', 'y2d', 'x3d', 'y3d', 'z3d', 'occluded', 'self_occluded')
MAX_NUMBER = 1 << 31
PROBED_JOINTS = 20_000
# JTA's own tools cut 2D to whole pixels: half a pixel off on each axis, 0.7 px in the median.
MAX_ERROR_PX = 1.5


class JTAPeople(NamedTuple):
    """People of a sequence, sorted by frame.

    ``frames`` (P,) from 1, ``person_ids`` (P,), ``pixels`` (P, K, 2), ``points`` (P, K, 3) mm, ``labelled`` and
    ``occluded`` (P, K) bool, ``visible`` (P,) bool: a joint is not hidden behind something else.
    """

    frames: np.ndarray
    person_ids: np.ndarray
    pixels: np.ndarray
    points: np.ndarray
    labelled: np.ndarray
    occluded: np.ndarray
    visible: np.ndarray


class JTASequence(NamedTuple):
    """A sequence: its people, its camera, and what was found and mended, in words."""

    people: JTAPeople
    camera: Camera
    notes: tuple[str, ...]


def read_jta_sequence(path: str | Path, image_size: tuple[int, int] | None = None) -> JTASequence:
    """Read ``seq_N.json``: a list of rows ``[frame, person_id, joint_type, x2d, y2d, x3d, y3d, z3d, occluded,
    self_occluded]``, metres.

    The 3D must project onto the 2D. Files of the older release, whose axes are others, are recognised by that, and a
    file of another camera (frames at another size) has its camera fitted. 2D cut to whole pixels is replaced by the
    projection.

    Args:
        path: The file.
        image_size: (width, height) of the sequence's images, for a camera that is not JTA's; None: JTA's.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is damaged, a row is not as above, or no camera projects the 3D onto the 2D.
    """
    table = _table(path)
    if not len(table):
        # Nobody tells the camera of images of another size: that of JTA, scaled with them.
        camera = jta_camera() if image_size is None else jta_camera().resized(image_size)
        return JTASequence(_in_mupots17(_people(table, table[:, 3:5], table[:, 5:8]), camera), camera, ())
    pixels, notes = table[:, 3:5].copy(), []
    cut = bool((pixels == np.trunc(pixels))[np.isfinite(pixels)].all())
    pixels += 0.5 if cut else 0.0
    points, camera = _camera_frame(path, table[:, 5:8] * MILLIMETRES_PER_METRE, pixels, image_size, notes)
    if cut:
        seen = camera.project(points)
        pixels = np.where(np.isfinite(seen), seen, pixels)
        notes.append('2D is cut to whole pixels; the projection of the 3D is used')
    return JTASequence(_in_mupots17(_people(table, pixels, points), camera), camera, tuple(notes))


def _table(path: str | Path) -> np.ndarray:
    rows = read_json(path)
    if not isinstance(rows, list):
        raise ValueError(f'{path}: must hold a list of rows {list(COLUMNS)}, got {type(rows).__name__}')
    try:
        table = np.asarray(rows, np.float64) if rows else np.zeros((0, len(COLUMNS)))
    except (ValueError, TypeError, OverflowError):
        table = np.zeros(0)
    if table.shape != (len(rows), len(COLUMNS)):
        wrong = next((place for place, row in enumerate(rows) if not _is_row(row)), 0)
        raise ValueError(f'{path}: row {wrong} must be 10 numbers {list(COLUMNS)}, got {rows[wrong]!r:.120}')
    _check_numbers(path, table)
    return table


def _is_row(row: object) -> bool:
    return isinstance(row, list) and len(row) == len(COLUMNS) and all(type(each) in (int, float) for each in row)


def _check_numbers(path: str | Path, table: np.ndarray) -> None:
    for column, low, high in ((0, 1, MAX_NUMBER), (1, 0, MAX_NUMBER), (2, 0, J)):
        values = table[:, column]
        with np.errstate(invalid='ignore'):
            good = (values == np.floor(values)) & (values >= low) & (values < high)
        if not good.all():
            wrong = int((~good).argmax())
            raise ValueError(
                f'{path}: row {wrong}: {COLUMNS[column]} must be a whole number from {low} to {high - 1}, '
                f'got {values[wrong]:g}'
            )


def _camera_frame(
    path: str | Path, points: np.ndarray, pixels: np.ndarray, image_size: tuple[int, int] | None, notes: list[str]
) -> tuple[np.ndarray, Camera]:
    """(R, 3) mm in the camera frame, and the camera; both may be others than JTA has today."""
    readings = {'': points, 'the axes are those of an older release of JTA; turned': points[:, [0, 2, 1]] * [1, -1, 1]}
    probe = np.linspace(0, len(points) - 1, min(len(points), PROBED_JOINTS)).astype(int)
    errors = []
    for note, read in readings.items():
        errors.append(_error(jta_camera(), read[probe], pixels[probe]))
        if errors[-1] <= MAX_ERROR_PX:
            notes += [note] if note else []
            return read, jta_camera()
    for note, read in readings.items():
        camera = _fitted(read[probe], pixels[probe], image_size)
        if camera is not None and _error(camera, read[probe], pixels[probe]) <= MAX_ERROR_PX:
            notes += [note] if note else []
            notes.append(f"JTA's camera misses the 2D by {min(errors):.1f} px; a camera was fitted, {_outline(camera)}")
            return read, camera
    raise ValueError(
        f'{path}: no camera projects the 3D onto the 2D: that of JTA is off by {errors[0]:.1f} px in the median; '
        'expected camera coordinates in metres (x right, y down, z forward) and pixels'
    )


def _error(camera: Camera, points: np.ndarray, pixels: np.ndarray) -> float:
    """Median distance of the projection, infinite where most points are behind the camera."""
    with np.errstate(invalid='ignore', over='ignore'):
        off = np.linalg.norm(camera.project(points) - pixels, axis=1)
    off = np.where(np.isfinite(off), off, np.inf)[np.isfinite(points).all(axis=1) & np.isfinite(pixels).all(axis=1)]
    return float(np.sort(off)[len(off) // 2]) if len(off) else 0.0


def _fitted(points: np.ndarray, pixels: np.ndarray, image_size: tuple[int, int] | None) -> Camera | None:
    try:
        f, c = fit_intrinsics(points, pixels)
        return Camera.from_intrinsics(f, c, image_size or jta_camera().image_size)
    except ValueError:
        return None


def _outline(camera: Camera) -> str:
    fx, fy, cx, cy = camera.K[[0, 1, 0, 1], [0, 1, 2, 2]]
    return f'f {fx:.1f}, {fy:.1f}, centre {cx:.1f}, {cy:.1f}'


class _JTA22People(NamedTuple):
    """People of a sequence in JTA's joints; NaN where the file has no row."""

    frames: np.ndarray
    person_ids: np.ndarray
    pixels: np.ndarray
    points: np.ndarray
    flags: np.ndarray


def _people(table: np.ndarray, pixels: np.ndarray, points: np.ndarray) -> _JTA22People:
    keys, people = np.unique(table[:, :2].astype(np.int64), axis=0, return_inverse=True)
    people, joints = people.ravel(), table[:, 2].astype(int)
    columns = []
    for values in (pixels, points, table[:, 8:10]):
        column = np.full((len(keys), J, values.shape[1]), np.nan)
        column[people, joints] = values
        columns.append(column)
    return _JTA22People(*keys.T, *columns)


def _in_mupots17(found: _JTA22People, camera: Camera) -> JTAPeople:
    there = np.isfinite(found.flags).all(axis=-1)
    points, labelled = in_mupots17(JTA22, found.points, there)
    pixels, _ = in_mupots17(JTA22, found.pixels, there)
    hidden, _ = JTA22.convert(np.nan_to_num(found.flags).max(axis=-1, keepdims=True), there, MUPOTS17)
    # The middle of two joints is not seen in the middle of their images.
    implied = [joint for joint, name in enumerate(MUPOTS17.joint_names) if name not in JTA22.joint_names]
    pixels[:, implied] = camera.project(points[:, implied])
    return JTAPeople(
        frames=found.frames,
        person_ids=found.person_ids,
        pixels=pixels,
        points=points,
        labelled=labelled,
        occluded=hidden[..., 0] > 0,
        visible=~(found.flags[..., 0] == 1).all(axis=1),
    )
