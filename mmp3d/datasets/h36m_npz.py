"""Human3.6M as mmpose's converter writes it: one .npz of poses in camera space, and ``cameras.pkl``.

Shapes: I images, K = 17 joints of Human3.6M-17. Pixels of the full image, millimetres in the camera frame (metres in
the files).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from mmp3d.datasets.array_archive import array_names, read_arrays
from mmp3d.datasets.h36m_table import CAMERA_IDS, S9_SHIFT, H36MTable
from mmp3d.datasets.raw_file import check_data_file
from mmp3d.datasets.safe_pickle import read_pickle
from mmp3d.geometry import H36M17, Camera, h36m_camera
from mmp3d.geometry.dataset_cameras import MILLIMETRES_PER_METRE

K = H36M17.num_joints
ARRAYS = {'imgname': (), 'part': (K, 3), 'S': (K, 4)}
IMAGE_NAME = re.compile(
    r'(?:.*/)?S(?P<subject>\d{1,2})_(?P<action>[A-Za-z]+)(?:[_ ](?P<take>\d))?\.(?P<camera>\d+)_(?P<frame>\d{1,6})\.\w+'
)
EXAMPLE = 'S1/S1_Directions_1.54138969/S1_Directions_1.54138969_000001.jpg'
# Numbers of the release, from 2 on; the first spelling is that of most subjects.
ACTION_NUMBERS = {
    name: number
    for number, names in enumerate(
        ('Directions', 'Discussion', 'Eating', 'Greeting', 'Phoning', 'Posing', 'Purchases', 'Sitting', 'SittingDown',
         'Smoking', 'Photo TakingPhoto', 'Waiting', 'Walking', 'WalkDog WalkingDog', 'WalkTogether WalkingTogether'), 2)
    for name in names.split()
}  # fmt: skip
SHIFTED_TAKES = ('SittingDown 1', 'Waiting 1', 'Greeting 0')
CORRUPT_CLIP = ('Directions 0', CAMERA_IDS[0])


def read_h36m_npz(path: str | Path, subjects: list[int], mend_shift: bool) -> H36MTable:
    """Read the .npz and, from its folder, ``cameras.pkl``.

    Args:
        path: The .npz.
        subjects: Those to read.
        mend_shift: Move the three takes of subject 9 that lie 200 mm aside.

    Raises:
        FileNotFoundError: One of the files is missing.
        ValueError: A file is damaged or holds objects, a field is not as expected, or no subject is in the file.
    """
    arrays = _arrays(path)
    names = [_parsed(path, row, name) for row, name in enumerate(arrays['imgname'].tolist())]
    chosen = np.array([int(name['subject']) in subjects for name in names], bool)
    if not chosen.any():
        raise ValueError(
            f'{path}: holds none of the subjects {subjects}, but {sorted({int(n["subject"]) for n in names})}'
        )
    names = [name for name, kept in zip(names, chosen.tolist(), strict=True) if kept]
    lenses = _cameras(Path(path).with_name('cameras.pkl'), names)
    table = _table(names, {name: array[chosen] for name, array in arrays.items()}, lenses)
    return _mended(table) if mend_shift else table


def _table(names: list[re.Match], arrays: dict[str, np.ndarray], lenses: dict) -> H36MTable:
    subjects, takes, frames = (
        np.array([int(name[group] or 0) for name in names], np.int64) for group in ('subject', 'take', 'frame')
    )
    titles = [f'{name["action"]} {name["take"] or 0}' for name in names]
    corrupt = [(title, name['camera']) == CORRUPT_CLIP for title, name in zip(titles, names, strict=True)]
    return H36MTable(
        subjects=subjects,
        actions=np.array([ACTION_NUMBERS[name['action']] for name in names], np.int64),
        takes=takes,
        cameras=np.array([CAMERA_IDS.index(name['camera']) + 1 for name in names], np.int64),
        frames=frames - 1,
        action_names=np.array([name['action'].encode() for name in names], np.bytes_),
        seq_names=np.array([name[0].rpartition('/')[2].rpartition('_')[0].encode() for name in names], np.bytes_),
        file_names=np.array([name[0].encode() for name in names], np.bytes_),
        points=arrays['S'][..., :3] * MILLIMETRES_PER_METRE,
        pixels=arrays['part'][..., :2],
        labelled=(arrays['part'][..., 2] > 0) & (arrays['S'][..., 3] > 0),
        boxes=np.full((len(names), 4), np.nan),
        lenses=lenses,
        shifted=(subjects == 9) & np.isin(titles, SHIFTED_TAKES),
        corrupt=(subjects == 11) & np.array(corrupt, bool),
    )


def _mended(table: H36MTable) -> H36MTable:
    """The table with the shifted takes moved back, in 3D and 2D."""
    for (subject, number), camera in table.lenses.items():
        rows = table.shifted & (table.subjects == subject) & (table.cameras == number)
        table.points[rows] -= camera.R @ S9_SHIFT
        table.pixels[rows] = camera.project(table.points[rows])
    return table


def _arrays(path: str | Path) -> dict[str, np.ndarray]:
    check_data_file(path)
    try:
        arrays = read_arrays(path, ARRAYS)
    except ValueError as error:
        raise ValueError(f'{path}: {error}; fetch it again') from error
    for name, shape in ARRAYS.items():
        if name not in arrays:
            raise ValueError(f'{path}: lacks the array {name!r}, it has {array_names(path)}')
        kind = 'U' if name == 'imgname' else 'fiu'
        if arrays[name].shape[1:] != shape or not arrays[name].ndim or arrays[name].dtype.kind not in kind:
            raise ValueError(
                f'{path}: array {name!r} must be {"texts" if kind == "U" else "numbers"} of shape (images, '
                f'{", ".join(map(str, shape))}), got {arrays[name].dtype} of shape {arrays[name].shape}'
            )
    if len({len(array) for array in arrays.values()}) > 1:
        raise ValueError(f'{path}: its arrays have different lengths: { {name: len(a) for name, a in arrays.items()} }')
    return {name: array if name == 'imgname' else array.astype(np.float64) for name, array in arrays.items()}


def _parsed(path: str | Path, row: int, name: str) -> re.Match:
    found = IMAGE_NAME.fullmatch(name)
    if (
        not found
        or found['action'] not in ACTION_NUMBERS
        or found['camera'] not in CAMERA_IDS
        or int(found['frame']) < 1
    ):
        raise ValueError(f'{path}: imgname[{row}] must be like {EXAMPLE!r}, got {name!r:.100}')
    return found


def _cameras(path: Path, names: list[re.Match]) -> dict[tuple[int, int], Camera]:
    content = read_pickle(path)
    keys = sorted({(int(name['subject']), name['camera']) for name in names})
    return {
        (subject, CAMERA_IDS.index(name) + 1): _camera(path, content, (f'S{subject}', name)) for subject, name in keys
    }


def _camera(path: Path, content: Any, key: tuple[str, str]) -> Camera:
    try:
        fields = content[key]
        # R is stored transposed, the camera's place in metres.
        place = np.ravel(fields['T']).astype(np.float64) * MILLIMETRES_PER_METRE
        size = int(fields['w']), int(fields['h'])
        R = np.asarray(fields['R'], np.float64).T
        return h36m_camera(R, place, *(fields[name] for name in 'fckp'), size)
    except Exception as error:  # the pickle may hold anything in place of the camera
        raise ValueError(
            f"{path}: camera {key} must be a dict with R, T, c, f, k, p, w, h as mmpose's converter writes it: "
            f'{error!r:.120}'
        ) from error
