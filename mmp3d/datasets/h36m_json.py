"""Human3.6M in the community's JSON: three files a subject, ``Human36M_subject<n>_{data,camera,joint_3d}.json``.

Shapes: I images, F poses of all takes, K = 17 joints of Human3.6M-17. Pixels of the full image, millimetres.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mmp3d.datasets.coco_layout import CocoTable, read_coco_table, xywh_to_xyxy
from mmp3d.datasets.columns import Field
from mmp3d.datasets.h36m_table import S9_SHIFT, H36MTable, read_release_cameras
from mmp3d.datasets.json_file import read_json
from mmp3d.geometry import H36M17, Camera

K = H36M17.num_joints
NO_BOX = [float('nan')] * 4
IMAGE_FIELDS = {
    'subject': Field((), np.int64),
    'action_name': Field((), bytes),
    'action_idx': Field((), np.int64),
    'subaction_idx': Field((), np.int64),
    'cam_idx': Field((), np.int64),
    'frame_idx': Field((), np.int64),
}
PERSON_FIELDS = {'bbox': Field((4,), default=NO_BOX), 'keypoints_vis': Field((K,), default=[1] * K)}
LIMITS = {
    'action_idx': (1, 99),
    'subaction_idx': (0, 9),
    'cam_idx': (1, 4),
    'frame_idx': (0, 99_999),
}
SHIFTED_SUBJECT = 9
# (action, take): 'SittingDown 1', 'Waiting 1' and 'Greeting' of subject 9.
SHIFTED_TAKES = ((10, 2), (13, 1), (5, 2))
# Subject, action, take, camera.
CORRUPT_CLIP = (11, 2, 2, 1)
PROBED_POSES = 200


def h36m_json_files(folder: str | Path, subject: int) -> dict[str, Path]:
    """The three files of a subject by what they hold."""
    return {kind: Path(folder) / f'Human36M_subject{subject}_{kind}.json' for kind in ('data', 'camera', 'joint_3d')}


def read_h36m_json(folder: str | Path, subject: int, metadata: str | Path | None, mend_shift: bool) -> H36MTable:
    """Read the three files of a subject.

    Args:
        folder: Where they are.
        subject: Its number.
        metadata: ``metadata.xml`` of the release, for the lens distortion that the JSON lacks; None without.
        mend_shift: Move the three takes of subject 9 that lie 200 mm aside.

    Raises:
        FileNotFoundError: One of the files is missing.
        ValueError: A file is damaged, a field is not as expected, or a camera does not see the poses.
    """
    paths = h36m_json_files(folder, subject)
    lenses = {} if metadata is None else read_release_cameras(metadata)
    table = read_coco_table(paths['data'], IMAGE_FIELDS, PERSON_FIELDS)
    images = table.images
    _check_numbers(paths['data'], images, subject)
    world, found = _poses_of(paths['joint_3d'], images)
    shifted = (subject == SHIFTED_SUBJECT) & _any_of(images, SHIFTED_TAKES)
    corrupt = _any_of(images, [CORRUPT_CLIP[1:3]]) & (images['cam_idx'] == CORRUPT_CLIP[3])
    if mend_shift:
        world[shifted] -= S9_SHIFT
    points, pixels, cameras, notes = _seen(paths['camera'], table, world, subject, lenses)
    person = _person_rows(paths['data'], table)
    labelled = (table.annotations['keypoints_vis'][person] > 0) & (person >= 0)[:, None] & found[:, None]
    return H36MTable(
        subjects=images['subject'],
        actions=images['action_idx'],
        takes=images['subaction_idx'],
        cameras=images['cam_idx'],
        frames=images['frame_idx'],
        action_names=images['action_name'],
        seq_names=_sequence_names(images),
        file_names=images['file_name'],
        points=points,
        pixels=pixels,
        labelled=labelled,
        boxes=np.where((person >= 0)[:, None], xywh_to_xyxy(table.annotations['bbox'])[person], np.nan),
        lenses=cameras,
        shifted=shifted,
        corrupt=(subject == CORRUPT_CLIP[0]) & corrupt,
        notes=tuple(notes),
    )


def _check_numbers(path: Path, images: dict[str, np.ndarray], subject: int) -> None:
    for name, (low, high) in {**LIMITS, 'subject': (subject, subject)}.items():
        wrong = (images[name] < low) | (images[name] > high)
        if wrong.any():
            row = int(wrong.argmax())
            raise ValueError(f'{path}: images[{row}]: field {name!r} must be {low} to {high}, got {images[name][row]}')


def _any_of(images: dict[str, np.ndarray], takes: Any) -> np.ndarray:
    return np.isin(images['action_idx'] * 10 + images['subaction_idx'], [action * 10 + take for action, take in takes])


def _person_rows(path: Path, table: CocoTable) -> np.ndarray:
    """(I,) annotation of each image, -1 where there is none."""
    counts = np.diff(table.offsets)
    if (counts > 1).any():
        row = int((counts > 1).argmax())
        raise ValueError(f'{path}: images[{row}] has {counts[row]} annotations, expected one person as in Human3.6M')
    if not len(table.image_rows):
        raise ValueError(f'{path}: holds no annotations')
    return np.where(counts > 0, table.offsets[:-1], -1)


def _poses_of(path: Path, images: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(I, K, 3) mm in the world, zeros where the file has no pose for an image, and (I,) bool: it has one."""
    content = read_json(path)
    keys, poses = [], []
    for action, takes in _items(path, 'the file', content):
        for take, frames in _items(path, f'action {action}', takes):
            entries = _items(path, f'action {action}, take {take}', frames)
            keys += [(action * 10 + take) * 100_000 + frame for frame, _ in entries]
            poses.append(_pose_array(path, f'action {action}, take {take}', [pose for _, pose in entries]))
    stacked = np.concatenate([np.zeros((1, K, 3)), *poses])
    order = np.argsort(keys) if keys else np.zeros(0, int)
    known = np.array(keys, np.int64)[order]
    wanted = (images['action_idx'] * 10 + images['subaction_idx']) * 100_000 + images['frame_idx']
    at = np.searchsorted(known, wanted)
    found = np.zeros(len(wanted), bool)
    inside = at < len(known)
    found[inside] = known[at[inside]] == wanted[inside]
    rows = np.zeros(len(wanted), int)
    rows[found] = order[at[found]] + 1
    return stacked[rows], found


def _items(path: Path, what: str, value: Any) -> list[tuple[int, Any]]:
    if not isinstance(value, dict) or not all(key.isascii() and key.isdigit() and len(key) < 8 for key in value):
        raise ValueError(f'{path}: {what} must be an object whose names are numbers, got {value!r:.60}')
    return [(int(key), each) for key, each in value.items()]


def _pose_array(path: Path, what: str, poses: list[Any]) -> np.ndarray:
    try:
        array = np.asarray(poses, np.float64) if poses else np.zeros((0, K, 3))
    except (ValueError, TypeError, OverflowError):
        array = np.zeros(0)
    if array.shape != (len(poses), K, 3):
        raise ValueError(f'{path}: {what}: every pose must be numbers of shape ({K}, 3), got shape {array.shape[1:]}')
    return array


def _seen(
    path: Path, table: CocoTable, world: np.ndarray, subject: int, lenses: dict
) -> tuple[np.ndarray, np.ndarray, dict, list[str]]:
    """Points in the camera frame, pixels, cameras by (subject, camera), and notes."""
    content = read_json(path)
    points, pixels = np.zeros_like(world), np.full((*world.shape[:2], 2), np.nan)
    cameras, notes = {}, []
    for number in np.unique(table.images['cam_idx']).tolist():
        rows = np.flatnonzero(table.images['cam_idx'] == number)
        size = table.sizes[rows[0]]
        if (table.sizes[rows] != size).any():
            raise ValueError(f'{path}: images of camera {number} have several sizes')
        camera = _camera(path, content, number, size, lenses.get((subject, number)))
        camera, note = _that_sees(path, number, camera, world[rows])
        notes += [note] if note else []
        points[rows] = camera.world_to_camera(world[rows])
        pixels[rows] = camera.project(points[rows])
        cameras[subject, number] = camera
    return points, pixels, cameras, notes


def _camera(path: Path, content: Any, number: int, size: np.ndarray, lens: Camera | None) -> Camera:
    try:
        fields = {name: np.asarray(content[str(number)][name], np.float64) for name in ('R', 't', 'f', 'c')}
        f, c = fields['f'].reshape(2), fields['c'].reshape(2)
        distortion = {} if lens is None else {'distortion': lens.distortion, 'distortion_model': lens.distortion_model}
        return Camera.from_intrinsics(f, c, size, R=fields['R'], t=fields['t'].reshape(3), **distortion)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f'{path}: camera {number} must be an object with R (3, 3), t (3), f (2), c (2) under "{number}": '
            f'{error!r:.120}'
        ) from error


def _that_sees(path: Path, number: int, camera: Camera, world: np.ndarray) -> tuple[Camera, str]:
    """The camera, with ``t`` read as R X + t or, as some copies have it, as its place R (X - t)."""
    probe = world[np.linspace(0, len(world) - 1, min(len(world), PROBED_POSES)).astype(int)]
    probe = probe[probe.any(axis=(1, 2))]
    placed = Camera(
        camera.K, camera.image_size, camera.distortion, camera.R, -camera.R @ camera.t,
        distortion_model=camera.distortion_model,
    )  # fmt: skip
    if not len(probe) or _share_seen(camera, probe) >= 0.5:
        return camera, ''
    if _share_seen(placed, probe) >= 0.5:
        return placed, f"camera {number}: t is the camera's place, not the shift of R X + t; taken as that"
    raise ValueError(f'{path}: camera {number} does not see the poses; expected R X + t in millimetres')


def _share_seen(camera: Camera, world: np.ndarray) -> float:
    with np.errstate(invalid='ignore', over='ignore'):
        pixels = camera.project(camera.world_to_camera(world))
        margin = np.array(camera.image_size)
        return float(((pixels > -margin / 2) & (pixels < 1.5 * margin)).all(axis=-1).mean())


def _sequence_names(images: dict[str, np.ndarray]) -> np.ndarray:
    """(I,) bytes like s_09_act_02_subact_01_ca_01."""
    columns = [images[name] for name in ('subject', 'action_idx', 'subaction_idx', 'cam_idx')]
    kinds, kind = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    names = [b's_%02d_act_%02d_subact_%02d_ca_%02d' % tuple(each) for each in kinds.tolist()]
    return np.array(names, np.bytes_)[kind.ravel()]
