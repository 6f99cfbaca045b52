"""People that a bottom-up network measured on labelled images, with what they should be: data for its refiner.

Shapes: I images, P people of all images, N people of one image (padded), K joints. Pixels of the network's input,
millimetres, Z / f in mm per input px.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from mmpose.registry import DATASETS
from torch.utils.data import Dataset

from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.datasets.array_archive import people_of_offsets, read_arrays
from mmp3d.geometry import MUPOTS17

K = MUPOTS17.num_joints
FORMAT = 'mmp3d-measured-people'
VERSION = 1
REMEDY = 'write it with tools/measure_people.py CONFIG CHECKPOINT --out FILE'
MEASURED_FIELDS = {
    'keypoints': ((K, 2), np.float32),
    'scores': ((K,), np.float32),
    'relative_depths': ((K,), np.float32),
    'root_depths': ((), np.float32),
}
TRUE_FIELDS = {
    'keypoints': ((K, 2), np.float32),
    'labelled': ((K,), np.bool_),
    'relative_depths': ((K,), np.float32),
    'known': ((K,), np.bool_),
    'root_depths': ((), np.float32),
    'real': ((), np.bool_),
}
COLUMNS = {f'measured_{name}': field for name, field in MEASURED_FIELDS.items()} | {
    f'true_{name}': field for name, field in TRUE_FIELDS.items()
}


def write_measured_people(
    path: str | Path, images: Iterable[Mapping[str, np.ndarray]], input_size: tuple[int, int]
) -> None:
    """Write the people of some images; the file appears under its name only when it is complete.

    Args:
        path: ``*.npz``; its folder is made.
        images: One mapping per image: ``COLUMNS``, arrays of its people.
        input_size: (w, h) of the network's input, px.

    Raises:
        ValueError: The name ends in something else.
    """
    path = Path(path)
    if path.suffix != '.npz':
        raise ValueError(f'a file of measured people is named *.npz, got {path}')
    images = list(images)
    columns = {
        name: np.concatenate([image[name] for image in images] or [np.zeros((0, *shape))]).astype(kind)
        for name, (shape, kind) in COLUMNS.items()
    }
    counts = [len(image['true_real']) for image in images]
    offsets = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    content = io.BytesIO()
    np.savez(content, format=FORMAT, version=VERSION, input_size=np.array(input_size), offsets=offsets, **columns)
    AtomicLocalBackend().put(content.getvalue(), path)


@DATASETS.register_module()
class MeasuredPeopleDataset(Dataset):
    """Items of one image: ``measured``, ``truth`` (dicts of arrays, padded to N people) and ``input_size`` (2,).

    Args:
        ann_file: A file of :func:`write_measured_people`.
        max_people: N; of an image with more, the first N are served.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged or of another kind; names the field.
    """

    METAINFO = MUPOTS17.metainfo('measured_people')

    def __init__(self, ann_file: str, max_people: int = 10) -> None:
        if max_people < 1:
            raise ValueError(f'max_people must be positive, got {max_people!r}')
        self.ann_file = ann_file
        self.max_people = max_people
        self.metainfo = dict(dataset_name='measured_people')
        self.input_size, self.offsets, self.columns = _read(Path(ann_file))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> dict:
        start = self.offsets[index]
        rows = slice(start, min(self.offsets[index + 1], start + self.max_people))
        measured = {name: self._padded(f'measured_{name}', rows) for name in MEASURED_FIELDS}
        truth = {name: self._padded(f'true_{name}', rows) for name in TRUE_FIELDS}
        measured['present'] = np.arange(self.max_people) < rows.stop - rows.start
        measured['root_depths'][~measured['present']] = 1
        return dict(measured=measured, truth=truth, input_size=self.input_size)

    def _padded(self, name: str, rows: slice) -> np.ndarray:
        values = self.columns[name][rows]
        padded = np.zeros((self.max_people, *values.shape[1:]), values.dtype)
        padded[: len(values)] = values
        return padded


def _read(path: Path) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    if not path.is_file():
        raise FileNotFoundError(f'no file of measured people at {path}; {REMEDY}')
    try:
        content = read_arrays(path)
    except ValueError as error:
        raise ValueError(f'{path}: {error}; {REMEDY}') from error
    kind = str(content.get('format')), str(content.get('version'))
    if kind != (FORMAT, str(VERSION)):
        raise ValueError(f'{path}: expected {FORMAT} version {VERSION}, found {" version ".join(kind)!r:.80}; {REMEDY}')
    missing = [name for name in ('input_size', 'offsets', *COLUMNS) if name not in content]
    if missing:
        raise ValueError(f'{path}: lacks {missing}; {REMEDY}')
    _check(path, content)
    return content['input_size'].astype(np.int64), content['offsets'], {name: content[name] for name in COLUMNS}


def _check(path: Path, content: Mapping[str, np.ndarray]) -> None:
    try:
        people = people_of_offsets(content['offsets'])
    except ValueError as error:
        raise ValueError(f'{path}: {error}; {REMEDY}') from error
    fields = {name: ((people, *shape), kind) for name, (shape, kind) in COLUMNS.items()}
    for name, (shape, kind) in {**fields, 'input_size': ((2,), np.int64)}.items():
        found = content[name]
        if found.shape != shape or not np.can_cast(found.dtype, kind, 'same_kind'):
            raise ValueError(
                f'{path}: {name} must be {np.dtype(kind)} of shape {shape}, found {found.dtype} of shape {found.shape}'
            )
