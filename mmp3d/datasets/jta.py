"""JTA: crowds of a computer game, from the data set's own JSON files.

Shapes: I images of a sequence, P people, K = 17 joints. Pixels of the full image, millimetres in the camera frame.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from mmpose.registry import DATASETS

from mmp3d.datasets.base import MultiPersonDataset
from mmp3d.datasets.image_file import image_size
from mmp3d.datasets.joined import JoinedAnnotations
from mmp3d.datasets.jta_json import JTASequence, read_jta_sequence
from mmp3d.datasets.people import person_table
from mmp3d.datasets.report import shown_progress, warn
from mmp3d.datasets.splits import check_split, chosen
from mmp3d.datasets.table import Annotations, ImageTable
from mmp3d.geometry import JTA22, MUPOTS17

SPLITS = ('train', 'val', 'test')
IDS_PER_SEQUENCE = 1000
FRAME_FILE = re.compile(r'(\d{1,6})\.(jpg|jpeg|png)')


@DATASETS.register_module()
class JTADataset(MultiPersonDataset):
    """JTA as released: ``annotations/<split>/seq_N.json`` and ``frames/<split>/seq_N/<frame>.jpg``.

    The frames are what the release's ``to_imgs.py`` writes of its videos, numbered from 1; ``frame_id`` counts from 0,
    and ``img_id`` is ``1000 N + frame`` as in the release's COCO files. ``track_ids`` are the file's ``person_id``. The
    pelvis is the middle of the hips; JTA has no joint for MuPoTS' spine (``joints_annotated`` 0). A joint is occluded
    if something or the person's own body hides it. LoCO tests on frames 10, 20, ..., 900: ``frame_stride=10,
    frame_offset=9``.

    Args:
        split: ``'train'``, ``'val'`` or ``'test'``.
        ann_file: Folder of the annotations, relative to ``data_root``.
        sequences: Numbers of the sequences to serve; None: all of the split.
        keep_invisible: People all of whose joints something else hides are left out, as the release's own tools do.
            True keeps them with ``person_valid`` 0, so that a track has no gaps.
        **kwargs: See :class:`MultiPersonDataset`.
    """

    METAINFO = MUPOTS17.metainfo('jta')
    IMAGE_FOLDER = 'frames'
    REMEDY = (
        'JTA comes from https://github.com/fabbrimatteo/JTA-Dataset, whose to_imgs.py writes the frames; '
        '`python tools/make_synthetic.py --format jta --out DATA_ROOT` writes synthetic data in its layout.'
    )

    def __init__(
        self,
        split: str = 'train',
        ann_file: str = 'annotations',
        *,
        sequences: Sequence[int] | None = None,
        keep_invisible: bool = False,
        **kwargs: Any,
    ) -> None:
        self.split = check_split(split, SPLITS, 'JTA')
        self.sequences = sequences
        self.keep_invisible = keep_invisible
        super().__init__(ann_file=ann_file, **kwargs)

    def load_annotations(self) -> JoinedAnnotations:
        """Parse the split's files."""
        folder = Path(self._require(f'{self.ann_file}/{self.split}'))
        files = {_number(path): path for path in folder.glob('seq_*.json') if _number(path) is not None}
        if not files:
            raise FileNotFoundError(f'{folder} holds no sequence seq_*.json. {self.REMEDY}')
        numbers = chosen(self.sequences, sorted(files), 'sequences', str(folder))
        shown = shown_progress(numbers, f'JTA {self.split}')
        return JoinedAnnotations([self._sequence(number, files[number]) for number in shown])

    def _sequence(self, number: int, path: Path) -> Annotations:
        frames, suffix, size = self._frames_of(path.stem)
        return self._cached(
            f'{self.split}-{path.stem}',
            [path],
            partial(self._parsed, number, path, frames, suffix, size),
            frames=(frames, suffix, size),
            keep_invisible=self.keep_invisible,
        )

    def _parsed(self, number: int, path: Path, frames: int, suffix: str, size: tuple[int, int] | None) -> Annotations:
        sequence = read_jta_sequence(path, size)
        if sequence.notes:
            warn(f'{path}: {"; ".join(sequence.notes)}')
        frames = max(frames, int(sequence.people.frames.max(initial=0)))
        if frames >= IDS_PER_SEQUENCE:
            raise ValueError(f'{path}: has {frames} frames, expected 900 as in JTA and fewer than {IDS_PER_SEQUENCE}')
        return self._annotations(
            path, _image_table(number, f'{self.split}/{path.stem}', frames, suffix, sequence), sequence
        )

    def _annotations(self, path: Path, images: ImageTable, sequence: JTASequence) -> Annotations:
        found = sequence.people
        kept = found.visible | self.keep_invisible
        frames = found.frames[kept] - 1
        people, defects = person_table(
            pixels=found.pixels[kept],
            points=found.points[kept],
            sizes=images.sizes[frames],
            labelled=found.labelled[kept],
            occluded=found.occluded[kept],
            person_valid=found.visible[kept],
            track_ids=found.person_ids[kept].astype(np.int32),
        )
        if defects:
            warn(f'{path}: {defects}; not used')
        return Annotations(
            images=images,
            people=people,
            offsets=np.searchsorted(frames, np.arange(len(images) + 1)),
            joints_annotated=(JTA22.conversion_to(MUPOTS17) > 0).any(axis=1).astype(np.float32),
        )

    def _frames_of(self, name: str) -> tuple[int, str, tuple[int, int] | None]:
        """Number of the last image of a sequence on disk (0: none), the images' suffix and size."""
        folder = Path(self.data_prefix['img']) / self.split / name
        found = [match for match in map(FRAME_FILE.fullmatch, _names(folder)) if match]
        if not found:
            return 0, 'jpg', None
        last = max(found, key=lambda match: int(match[1]))
        return int(last[1]), last[2], image_size(folder / last[0])


def _image_table(number: int, folder: str, frames: int, suffix: str, sequence: JTASequence) -> ImageTable:
    camera = sequence.camera
    return ImageTable(
        img_ids=number * IDS_PER_SEQUENCE + 1 + np.arange(frames),
        file_names=np.array([f'{folder}/{frame}.{suffix}'.encode() for frame in range(1, frames + 1)], np.bytes_),
        sizes=np.tile(camera.image_size, (frames, 1)),
        seq_names=np.full(frames, folder.rpartition('/')[2].encode()),
        frame_ids=np.arange(frames),
        intrinsics=np.tile(camera.K[[0, 1, 0, 1], [0, 1, 2, 2]], (frames, 1)),
    )


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _number(path: Path) -> int | None:
    found = re.fullmatch(r'seq_(\d{1,9})\.json', path.name)
    return int(found[1]) if found else None
