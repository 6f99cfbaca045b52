"""MuPoTS-3D: test sequences with several people, in the official .mat layout or the community's JSON.

Shapes: T frames, C annotated people of a sequence, P people, K = 17 joints. Pixels of the full image, millimetres in
the camera frame.
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
from mmp3d.datasets.coco_layout import check_intrinsics, folders_of, read_coco_table, xywh_to_xyxy
from mmp3d.datasets.columns import Field
from mmp3d.datasets.file_names import frame_numbers
from mmp3d.datasets.image_file import common_image_size
from mmp3d.datasets.layout import require
from mmp3d.datasets.mupots_mat import MuPoTSSequence, count_frames, read_sequence, sequence_intrinsics
from mmp3d.datasets.people import person_table
from mmp3d.datasets.report import warn
from mmp3d.datasets.table import Annotations, ImageTable, PersonTable
from mmp3d.geometry import MUPOTS17

K = MUPOTS17.num_joints
IMAGE_NAME, IMAGE_PATTERN = 'img_%06d.jpg', 'img_*.jpg'
OFFICIAL_SIZES = ((2048, 2048), (1920, 1080))
CENTRE_TOLERANCE = 0.05
NO_BOX = [float('nan')] * 4

IMAGE_FIELDS = {'intrinsic': Field((4,), np.float64)}
PERSON_FIELDS = {
    'bbox': Field((4,), default=NO_BOX),
    'keypoints_img': Field((K, 2)),
    'keypoints_cam': Field((K, 3)),
    'keypoints_vis': Field((K,)),
    'is_valid': Field((), default=1),
}


@DATASETS.register_module()
class MuPoTSDataset(MultiPersonDataset):
    """MuPoTS-3D, for testing only.

    Without ``ann_file`` the official layout is read, ``MultiPersonTestSet/TS*/{annot.mat, occlusion.mat,
    img_%06d.jpg}``: both skeletons, occlusion per joint, ``track_ids`` from the column, a box around the joints, and
    the camera fitted to annot2 and annot3. With ``ann_file='MuPoTS-3D.json'`` the community's file gives boxes and
    intrinsics, but one skeleton and no identities. ``img_id`` counts the frames of all sequences on disk in order,
    as the community's file does, whichever are selected. People of frames with ``isValidFrame`` 0 are kept as
    annotated, with ``person_valid`` 0.

    Args:
        ann_file: The community's JSON, relative to ``data_root``; '' for the official layout.
        sequences: Sequences to serve, as numbers or names (``[1, 'TS2']``). None serves all.
        test_mode: Must be True.
        **kwargs: See :class:`MultiPersonDataset`.
    """

    METAINFO = MUPOTS17.metainfo('mupots')
    IMAGE_FOLDER = 'MultiPersonTestSet'
    REMEDY = (
        'MuPoTS-3D comes from https://vcai.mpi-inf.mpg.de/projects/SingleShotMultiPerson/; '
        '`python tools/make_synthetic.py --format mupots --out DATA_ROOT` writes synthetic data in its layout.'
    )

    def __init__(
        self,
        ann_file: str = '',
        *,
        sequences: Sequence[int | str] | None = None,
        test_mode: bool = True,
        **kwargs: Any,
    ) -> None:
        if not test_mode:
            raise ValueError('MuPoTSDataset is a test set; test_mode must be True, train on MuCoDataset')
        if sequences is not None and (isinstance(sequences, str) or not len(sequences)):
            raise ValueError(f"sequences must be None or a list such as [1, 'TS2'], got {sequences!r}")
        self.sequences = None if sequences is None else [_sequence_name(each) for each in sequences]
        super().__init__(ann_file=ann_file, test_mode=test_mode, **kwargs)

    def load_annotations(self) -> Annotations:
        """Parse the JSON if one is named, else the .mat files, or take what was parsed before."""
        if self.ann_file:
            path = self._require(self.ann_file)
            return self._cached(Path(path).stem, [path], self._load_json, sequences=self.sequences)
        folders = self._sequence_folders()
        sizes = {folder.name: self._image_size(folder) for folder in folders if self._is_selected(folder)}
        files = [folder / file for folder in folders for file in ('annot.mat', 'occlusion.mat')]
        build = partial(self._load_mat, folders, sizes)
        return self._cached('mat', files, build, sequences=self.sequences, sizes=sorted(sizes.items()))

    def _kept_images(self) -> np.ndarray:
        kept = super()._kept_images()
        if self.sequences is not None:
            names = [name.encode() for name in self.sequences]
            kept = kept & np.isin(self.annotations.images.seq_names, names)
        return kept

    def _load_json(self) -> Annotations:
        table = read_coco_table(self.ann_file, IMAGE_FIELDS, PERSON_FIELDS)
        names, intrinsics = table.images['file_name'], table.images['intrinsic']
        check_intrinsics(self.ann_file, 'intrinsic', intrinsics)
        seq_names = folders_of(names)
        self._check_sequences({name.decode('utf-8', 'replace') for name in seq_names.tolist()})
        images = ImageTable(
            table.images['id'],
            names,
            table.sizes,
            seq_names,
            frame_numbers(self.ann_file, names, IMAGE_NAME % 0),
            intrinsics,
        )
        columns = table.annotations
        people = self._people(
            pixels=columns['keypoints_img'],
            points=columns['keypoints_cam'],
            sizes=table.sizes[table.image_rows],
            boxes=xywh_to_xyxy(columns['bbox']),
            occluded=columns['keypoints_vis'] <= 0,
            person_valid=columns['is_valid'] > 0,
        )
        return Annotations(images, people, table.offsets)

    def _is_selected(self, folder: Path) -> bool:
        return self.sequences is None or folder.name in self.sequences

    def _load_mat(self, folders: list[Path], sizes: dict[str, tuple[int, int] | None]) -> Annotations:
        read, images, first = [], [], 0
        for folder in folders:
            if not self._is_selected(folder):
                first += count_frames(folder)
                continue
            sequence = read_sequence(folder)
            images.append(self._images_of(folder, sequence, first, sizes[folder.name]))
            read.append(sequence)
            first += sequence.num_frames
        joined = [np.concatenate(column) for column in zip(*images, strict=True)]
        return self._joined(ImageTable(*joined), read)

    def _joined(self, images: ImageTable, read: list[MuPoTSSequence]) -> Annotations:
        """Annotations of sequences read one behind the other; people frame by frame, in column order."""
        counts = np.concatenate([np.full(len(sequence.valid), sequence.valid.shape[1]) for sequence in read])
        columns = MuPoTSSequence(*(_flat(column) for column in zip(*read, strict=True)))
        people = self._people(
            pixels=columns.pixels,
            points=columns.points,
            univ_points=columns.univ_points,
            sizes=np.repeat(images.sizes, counts, axis=0),
            occluded=columns.occluded,
            person_valid=columns.valid,
            track_ids=np.concatenate([np.tile(np.arange(s.valid.shape[1]), s.num_frames) for s in read]),
        )
        return Annotations(images, people, np.concatenate([[0], np.cumsum(counts)]))

    def _people(self, **columns: np.ndarray) -> PersonTable:
        people, defects = person_table(**columns)
        if defects:
            warn(f'{self.source}: {defects}; not used')
        return people

    def _sequence_folders(self) -> list[Path]:
        root = Path(self._require(self.data_prefix['img']))
        found = (file.parent for file in root.glob('TS*/annot.mat'))
        folders = sorted(found, key=lambda folder: _sequence_key(folder.name))
        if not folders:
            nested = next(root.glob('*/TS*/annot.mat'), None)
            hint = f" Found {nested}: pass data_prefix=dict(img='{nested.parents[1]}')." if nested else ''
            raise FileNotFoundError(f'{root} holds no sequence TS*/annot.mat.{hint} {self.REMEDY}')
        self._check_sequences({folder.name for folder in folders})
        return folders

    def _check_sequences(self, present: set) -> None:
        if missing := [name for name in self.sequences or () if name not in present]:
            found = sorted(present, key=_sequence_key)
            raise ValueError(f'sequences {missing} are not in {self.source}; it has {found}')

    def _images_of(
        self, folder: Path, sequence: MuPoTSSequence, first: int, size: tuple[int, int] | None
    ) -> tuple[np.ndarray, ...]:
        """Columns of :class:`ImageTable` for one sequence whose first image has the id ``first``."""
        count = sequence.num_frames
        try:
            intrinsics = sequence_intrinsics(sequence)
        except ValueError as error:
            raise ValueError(f'{folder / "annot.mat"}: cannot tell the camera: {error}') from error
        if intrinsics is None:
            warn(f'{folder / "annot.mat"}: no valid person, so the camera cannot be told; an assumed one is used')
            intrinsics = np.full(4, np.nan)
        return (
            first + np.arange(count),
            np.array([f'{folder.name}/{IMAGE_NAME % frame}'.encode() for frame in range(count)]),
            np.tile(size or _likely_size(intrinsics), (count, 1)),
            np.full(count, folder.name.encode()),
            np.arange(count),
            np.tile(intrinsics, (count, 1)),
        )

    def _image_size(self, folder: Path) -> tuple[int, int] | None:
        """Of the sequence's images; None where there need not be images."""
        size = common_image_size(folder, IMAGE_PATTERN)
        if size is not None:
            return size
        if not self.needs_images:
            return None
        require(folder / (IMAGE_NAME % 0), self.data_root, self.REMEDY)
        raise ValueError(f'{folder}: none of its images {IMAGE_NAME} can be read; fetch them again')


def _likely_size(intrinsics: np.ndarray) -> tuple[int, int]:
    """Of images that are not there: MuPoTS' own size if the camera fits it, else twice the principal point."""
    if np.isnan(intrinsics).any():
        return OFFICIAL_SIZES[-1]
    width, height = np.maximum(np.rint(2 * intrinsics[2:]), 1).astype(int).tolist()
    near = [size for size in OFFICIAL_SIZES if np.allclose(size, (width, height), rtol=CENTRE_TOLERANCE)]
    return near[0] if near else (width, height)


def _flat(column: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([values.reshape(-1, *values.shape[2:]) for values in column])


def _sequence_name(sequence: int | str) -> str:
    return f'TS{sequence}' if isinstance(sequence, int) or sequence.isdigit() else sequence


def _sequence_key(name: str) -> tuple[int, str]:
    number = re.search(r'\d+', name)
    return (int(number.group()) if number else 0, name)
