"""Unlabelled clips with what a teacher says about them: the file, and the data set that serves it.

Shapes: I items, S people of all items, N people of one item (padded), T frames, K = 17 MuPoTS joints. Rays are K^-1
times pixels; camera frame, millimetres.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from mmpose.registry import DATASETS
from torch.utils.data import Dataset

from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.datasets.array_archive import people_of_offsets, read_arrays
from mmp3d.geometry import MUPOTS17

FORMAT = 'mmp3d-pseudo-labels'
VERSION = 1
REMEDY = 'write it with tools/pseudo_label.py CONFIG CHECKPOINT --out FILE'
# Arrays of (S, T, K, ...) and the axes after K.
COLUMNS = {'keypoints_norm': (2,), 'keypoint_scores': (), 'keypoints_cam': (3,)}


def save_labels(path: str | Path, header: Mapping, columns: Mapping[str, np.ndarray], offsets: np.ndarray) -> None:
    """Write a file of pseudo-labels; it appears under its name only when it is complete.

    Args:
        path: ``*.npz``; its folder is made.
        header: Plain facts: whose labels they are.
        columns: ``COLUMNS``; (S, T, K, ...) of people, item by item.
        offsets: (I + 1,) first person of each item.
    """
    text = json.dumps({**header, 'format': FORMAT, 'version': VERSION}, sort_keys=True)
    buffer = io.BytesIO()
    np.savez(buffer, header=text, offsets=offsets.astype(np.int64), **{name: columns[name] for name in COLUMNS})
    AtomicLocalBackend().put(buffer.getvalue(), path)


def load_labels(path: str | Path) -> tuple[dict, dict[str, np.ndarray], np.ndarray]:
    """Header, columns and offsets of a file of :func:`save_labels`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged or of another kind or version; names the field.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no pseudo-labels at {path}; {REMEDY}')
    try:
        content = read_arrays(path)
        header = json.loads(str(content.pop('header', '{}')))
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path}: {error}; {REMEDY}') from error
    kind = (header.get('format'), header.get('version')) if isinstance(header, Mapping) else (None, None)
    if kind != (FORMAT, VERSION):
        raise ValueError(f'{path}: expected {FORMAT} version {VERSION}, found {kind[0]} version {kind[1]}; {REMEDY}')
    missing = [name for name in ('offsets', *COLUMNS) if name not in content]
    if missing:
        raise ValueError(f'{path}: lacks {missing}; {REMEDY}')
    offsets = content.pop('offsets')
    _check_columns(path, content, offsets)
    return header, {name: content[name] for name in COLUMNS}, offsets


def _check_columns(path: Path, columns: dict[str, np.ndarray], offsets: np.ndarray) -> None:
    try:
        people = people_of_offsets(offsets)
    except ValueError as error:
        raise ValueError(f'{path}: {error}; {REMEDY}') from error
    frames = columns['keypoint_scores'].shape[1:2]
    for name, axes in COLUMNS.items():
        expected, found = (people, *frames, MUPOTS17.num_joints, *axes), columns[name]
        if found.shape != expected or found.dtype.kind != 'f':
            raise ValueError(
                f'{path}: {name} must be numbers of shape {expected}, found {found.dtype} of shape {found.shape}; '
                f'{REMEDY}'
            )


@DATASETS.register_module()
class PseudoLabelDataset(Dataset):
    """Clips with the teacher's poses in place of true ones, in the keys of ``VirtualPoseDataset``.

    An item: ``keypoints_norm (N, T, K, 2)``, ``keypoint_scores (N, T, K)``, the teacher's ``keypoints_cam (N, T, K,
    3)`` mm, ``keypoints_3d_valid (N, T, K)`` 1 where somebody is, and ``person_valid (N,)``.

    Args:
        ann_file: A file of ``tools/pseudo_label.py``.
        max_people: N; of an item with more, the first N are served.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged, of another kind, or has nobody in it.
    """

    def __init__(self, ann_file: str, max_people: int = 4) -> None:
        if max_people < 1:
            raise ValueError(f'max_people must be positive, got {max_people!r}')
        self.ann_file, self.max_people = ann_file, max_people
        self.header, self.columns, self.offsets = load_labels(ann_file)
        if len(self) < 1:
            raise ValueError(f'{ann_file}: there is nobody in it; label clips with people')
        self.metainfo = dict(dataset_name='pseudo_labels')

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        start, stop = self.offsets[index : index + 2]
        count = min(int(stop - start), self.max_people)
        item = {}
        for name, values in self.columns.items():
            item[name] = np.zeros((self.max_people, *values.shape[1:]), np.float32)
            item[name][:count] = values[start : start + count]
        item['keypoints_3d_valid'] = np.zeros_like(item['keypoint_scores'])
        item['keypoints_3d_valid'][:count] = 1
        item['person_valid'] = (np.arange(self.max_people) < count).astype(np.float32)
        return {name: torch.from_numpy(values) for name, values in item.items()}
