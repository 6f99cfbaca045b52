"""Files of people as flat arrays, item by item, that tell whose they are, and the data set that serves one.

Shapes: I items, S people of all items, N people of one item (padded), T frames, K = 17 MuPoTS joints.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.datasets.array_archive import people_of_offsets, read_arrays
from mmp3d.geometry import MUPOTS17


@dataclass(frozen=True)
class PeopleArchive:
    """A kind of file: one numpy archive of a header, columns of people, and the first person of each item.

    Args:
        format: Name of the kind, in the header.
        version: Its version, likewise.
        content: What is in it, for messages, for example ``'pseudo-labels'``.
        remedy: What to do about a file that cannot be used, for messages.
        columns: Names of the arrays (S, T, K, ...) and the axes after K; the last one of ``()`` gives T.
    """

    format: str
    version: int
    content: str
    remedy: str
    columns: Mapping[str, tuple[int, ...]]

    def save(self, path: str | Path, header: Mapping, columns: Mapping[str, np.ndarray], offsets: np.ndarray) -> None:
        """Write a file; it appears under its name only when it is complete.

        Args:
            path: ``*.npz``; its folder is made.
            header: Plain facts: whose the people are.
            columns: (S, T, K, ...) of people, item by item.
            offsets: (I + 1,) first person of each item.
        """
        text = json.dumps({**header, 'format': self.format, 'version': self.version}, sort_keys=True)
        buffer = io.BytesIO()
        columns = {name: columns[name] for name in self.columns}
        np.savez(buffer, header=text, offsets=np.asarray(offsets, np.int64), **columns)
        AtomicLocalBackend().put(buffer.getvalue(), path)

    def load(self, path: str | Path) -> tuple[dict, dict[str, np.ndarray], np.ndarray]:
        """Header, columns and offsets of a file of :meth:`save`.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It is damaged or of another kind or version; names the field.
        """
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f'no {self.content} at {path}; {self.remedy}')
        try:
            content = read_arrays(path)
            header = json.loads(str(content.pop('header', '{}')))
        except (ValueError, RecursionError) as error:
            raise ValueError(f'{path}: {error}; {self.remedy}') from error
        kind = (header.get('format'), header.get('version')) if isinstance(header, Mapping) else (None, None)
        if kind != (self.format, self.version):
            raise ValueError(
                f'{path}: expected {self.format} version {self.version}, found {kind[0]} version {kind[1]}; '
                f'{self.remedy}'
            )
        if missing := [name for name in ('offsets', *self.columns) if name not in content]:
            raise ValueError(f'{path}: lacks {missing}; {self.remedy}')
        offsets = content.pop('offsets')
        self._check_shapes(path, content, offsets)
        return header, {name: content[name] for name in self.columns}, offsets

    def holds(self, path: Path, header: Mapping, overwrite: bool) -> bool:
        """Whether a file that exists is what is asked for; False: it is to be replaced.

        Args:
            path: The file.
            header: Entries that its header must have.
            overwrite: Whether another one may be replaced.

        Raises:
            ValueError: It is another one, or none of this kind, and may not be replaced.
        """
        try:
            found = self.load(path)[0]
        except ValueError:
            if not overwrite:
                raise
            return False
        other = [key for key, value in header.items() if found.get(key) != value]
        if other and not overwrite:
            raise ValueError(
                f'{path}: holds {self.content} of another {", ".join(other)}; give another --out, or --overwrite'
            )
        return not other

    def _check_shapes(self, path: Path, columns: dict[str, np.ndarray], offsets: np.ndarray) -> None:
        try:
            people = people_of_offsets(offsets)
        except ValueError as error:
            raise ValueError(f'{path}: {error}; {self.remedy}') from error
        flat = [name for name, axes in self.columns.items() if not axes][-1]
        frames = columns[flat].shape[1:2]
        for name, axes in self.columns.items():
            expected, found = (people, *frames, MUPOTS17.num_joints, *axes), columns[name]
            if found.shape != expected or found.dtype.kind != 'f':
                raise ValueError(
                    f'{path}: {name} must be numbers of shape {expected}, found {found.dtype} of shape {found.shape}; '
                    f'{self.remedy}'
                )


class PeopleArchiveDataset(Dataset):
    """Items of a :class:`PeopleArchive`, in places for N people: its columns, and ``person_valid (N,)``.

    Args:
        ann_file: The file, or several, whose items follow each other.
        max_people: N; of an item with more, the first N are served.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: One is damaged, of another kind or number of frames, or has nobody in it, or none is named.
    """

    ARCHIVE: PeopleArchive
    NAME: str

    def __init__(self, ann_file: str | Sequence[str], max_people: int = 4) -> None:
        if max_people < 1:
            raise ValueError(f'max_people must be positive, got {max_people!r}')
        self.ann_file, self.max_people = ann_file, max_people
        files = [ann_file] if isinstance(ann_file, (str, Path)) else list(ann_file)
        if not files:
            raise ValueError(f'ann_file: names no file; {self.ARCHIVE.remedy}')
        # A list: of a generator that raises in a call's arguments Python 3.11 loses some memory each time.
        self.headers, columns, offsets = zip(*[self._loaded(file) for file in files], strict=True)
        self.columns = {name: self._joined(name, [each[name] for each in columns]) for name in self.ARCHIVE.columns}
        self.offsets = np.concatenate([[0], np.cumsum(np.concatenate([np.diff(each) for each in offsets]))])
        self.metainfo = dict(dataset_name=self.NAME)

    def _loaded(self, file: str) -> tuple[dict, dict[str, np.ndarray], np.ndarray]:
        header, columns, offsets = self.ARCHIVE.load(file)
        if not int(offsets[-1]):
            raise ValueError(f'{file}: there is nobody in it; {self.ARCHIVE.remedy} from pictures with people')
        return header, columns, offsets

    def _joined(self, name: str, columns: Sequence[np.ndarray]) -> np.ndarray:
        frames = sorted({values.shape[1] for values in columns})
        if len(frames) > 1:
            raise ValueError(f'ann_file: the files have clips of {frames} frames; give files of one length')
        return np.concatenate(columns)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        start, stop = self.offsets[index], self.offsets[index + 1]
        count = min(int(stop - start), self.max_people)
        item = {}
        for name, values in self.columns.items():
            item[name] = np.zeros((self.max_people, *values.shape[1:]), np.float32)
            item[name][:count] = values[start : start + count]
        item['person_valid'] = (np.arange(self.max_people) < count).astype(np.float32)
        return {name: torch.from_numpy(values) for name, values in item.items()}
