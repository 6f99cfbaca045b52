"""3DPW: people outdoors before a moving camera, from the data set's own pickles or the community's JSON.

Shapes: T frames, C people of a sequence, P people, S = 24 joints of SMPL, K = 17 of MuPoTS-17. Pixels of the full
image, millimetres in the camera frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from mmpose.registry import DATASETS

from mmp3d.datasets.base import MultiPersonDataset
from mmp3d.datasets.coco_layout import CocoTable, check_intrinsics, read_coco_table, xywh_to_xyxy
from mmp3d.datasets.columns import Field, Record
from mmp3d.datasets.file_names import frame_numbers
from mmp3d.datasets.image_file import common_image_size
from mmp3d.datasets.joined import JoinedAnnotations
from mmp3d.datasets.people import in_mupots17, person_table
from mmp3d.datasets.pw3d_pickle import PW3DSequence, read_pw3d_sequence
from mmp3d.datasets.report import shown_progress, warn
from mmp3d.datasets.splits import check_split, chosen
from mmp3d.datasets.table import Annotations, ImageTable
from mmp3d.geometry import MUPOTS17, SMPL24
from mmp3d.geometry.dataset_cameras import MILLIMETRES_PER_METRE

FOLDERS = {'train': 'train', 'val': 'validation', 'test': 'test'}
IMAGE_NAME, IMAGE_PATTERN = 'image_%05d.jpg', 'image_*.jpg'
IDS_PER_SEQUENCE = 100_000
NO_BOX = [float('nan')] * 4

IMAGE_FIELDS = {
    'sequence': Field((), bytes),
    'cam_param': Record({'focal': Field((2,), np.float64), 'princpt': Field((2,), np.float64)}),
}
PERSON_FIELDS = {
    'bbox': Field((4,), default=NO_BOX),
    'joint_cam': Field((SMPL24.num_joints, 3)),
    'person_id': Field((), np.int64, default=-1),
}
JOINTS_ANNOTATED = (SMPL24.conversion_to(MUPOTS17) > 0).any(axis=1).astype(np.float32)


@DATASETS.register_module()
class PW3DDataset(MultiPersonDataset):
    """3DPW in either layout, with SMPL's joints; they have no head top (``joints_annotated`` 0).

    As released, ``sequenceFiles/{train,validation,test}/<sequence>.pkl`` and ``imageFiles/<sequence>/image_%05d.jpg``:
    world coordinates are moved into the camera of each frame, whose pose is in the item's camera; 2D is the projection;
    ``person_valid`` is ``campose_valid``; ``track_ids`` count the people of the sequence. With
    ``ann_file='3DPW_test.json'`` the community's file gives the camera frame and boxes but no poses of the camera, and
    identities only where people have ``person_id``.

    Args:
        split: ``'train'``, ``'val'`` or ``'test'``.
        ann_file: Folder of the pickles, or the JSON, relative to ``data_root``.
        sequences: Names of the sequences to serve; None: all of the split.
        **kwargs: See :class:`MultiPersonDataset`.
    """

    METAINFO = MUPOTS17.metainfo('pw3d')
    IMAGE_FOLDER = 'imageFiles'
    REMEDY = (
        '3DPW comes from https://virtualhumans.mpi-inf.mpg.de/3DPW/; '
        '`python tools/make_synthetic.py --format 3dpw --out DATA_ROOT` writes synthetic data in its layout.'
    )

    def __init__(
        self,
        split: str = 'train',
        ann_file: str = 'sequenceFiles',
        *,
        sequences: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.split = check_split(split, FOLDERS, '3DPW')
        self.sequences = sequences
        super().__init__(ann_file=ann_file, **kwargs)

    def load_annotations(self) -> Annotations | JoinedAnnotations:
        """Parse the JSON if one is named, else the split's pickles."""
        if not self.ann_file.endswith('.json'):
            return self._load_pickles()
        path = self._require(self.ann_file)
        return self._cached(Path(path).stem, [path], self._load_json, sequences=self.sequences)

    def _load_pickles(self) -> JoinedAnnotations:
        folder = Path(self._require(f'{self.ann_file}/{FOLDERS[self.split]}'))
        present = sorted(path.stem for path in folder.glob('*.pkl'))
        if not present:
            raise FileNotFoundError(f'{folder} holds no sequence *.pkl. {self.REMEDY}')
        first = {name: IDS_PER_SEQUENCE * number for number, name in enumerate(present)}
        names = chosen(self.sequences, present, 'sequences', str(folder))
        shown = shown_progress(names, f'3DPW {self.split}')
        return JoinedAnnotations([self._sequence(folder / f'{name}.pkl', first[name]) for name in shown])

    def _sequence(self, path: Path, first_id: int) -> Annotations:
        size = common_image_size(Path(self.data_prefix['img']) / path.stem, IMAGE_PATTERN)
        build = partial(self._parsed, path, first_id, size)
        return self._cached(f'{self.split}-{path.stem}', [path], build, first_id=first_id, size=size)

    def _parsed(self, path: Path, first_id: int, size: tuple[int, int] | None) -> Annotations:
        sequence = read_pw3d_sequence(path)
        if sequence.lost:
            warn(f'{path}: {sequence.lost} frames have no usable camera pose; nobody is valid in them')
        frames, people = sequence.valid.shape
        images = _image_table(path.stem, first_id, sequence, size or _likely_size(sequence))
        return self._annotations(
            images,
            sequence.points.reshape(-1, SMPL24.num_joints, 3),
            image_rows=np.repeat(np.arange(frames), people),
            person_valid=sequence.valid.ravel(),
            track_ids=np.tile(np.arange(people, dtype=np.int32), frames),
        )

    def _load_json(self) -> Annotations:
        table = read_coco_table(self.ann_file, IMAGE_FIELDS, PERSON_FIELDS)
        images = self._json_images(table)
        columns = table.annotations
        return self._annotations(
            images,
            columns['joint_cam'] * MILLIMETRES_PER_METRE,
            table.image_rows,
            boxes=xywh_to_xyxy(columns['bbox']),
            track_ids=columns['person_id'],
        )

    def _json_images(self, table: CocoTable) -> ImageTable:
        columns = table.images
        intrinsics = np.concatenate([columns['cam_param.focal'], columns['cam_param.princpt']], axis=1)
        check_intrinsics(self.ann_file, 'cam_param', intrinsics)
        names = columns['sequence'].tolist()
        chosen(self.sequences, sorted({name.decode('utf-8', 'replace') for name in names}), 'sequences', self.ann_file)
        files = zip(names, columns['file_name'].tolist(), strict=True)
        return ImageTable(
            img_ids=columns['id'],
            file_names=np.array([b'%s/%s' % pair for pair in files], np.bytes_),
            sizes=table.sizes,
            seq_names=columns['sequence'],
            frame_ids=frame_numbers(self.ann_file, columns['file_name'], IMAGE_NAME % 0),
            intrinsics=intrinsics,
        )

    def _kept_images(self) -> np.ndarray:
        kept = super()._kept_images()
        if self.sequences is not None:
            kept = kept & np.isin(self.annotations.images.seq_names, [name.encode() for name in self.sequences])
        return kept

    def _annotations(
        self, images: ImageTable, joints: np.ndarray, image_rows: np.ndarray, **columns: np.ndarray
    ) -> Annotations:
        """Annotations of people in SMPL's joints, (P, S, 3) mm in the camera frame, sorted by image."""
        points, labelled = in_mupots17(SMPL24, joints, np.ones(joints.shape[:2], bool))
        people, defects = person_table(
            pixels=images.projected(points, image_rows),
            points=points,
            sizes=images.sizes[image_rows],
            labelled=labelled,
            **columns,
        )
        if defects.points:
            warn(
                f'{self.source}: {defects.points} joints of valid people are not finite or behind the camera; not used'
            )
        offsets = np.searchsorted(image_rows, np.arange(len(images) + 1))
        return Annotations(images, people, offsets, joints_annotated=JOINTS_ANNOTATED.copy())


def _likely_size(sequence: PW3DSequence) -> tuple[int, int]:
    """Of images that are not there: twice the principal point, which is in the middle."""
    width, height = np.maximum(np.rint(2 * sequence.intrinsics[2:]), 1).astype(int).tolist()
    return width, height


def _image_table(name: str, first_id: int, sequence: PW3DSequence, size: tuple[int, int]) -> ImageTable:
    count = sequence.num_frames
    return ImageTable(
        img_ids=first_id + np.arange(count),
        file_names=np.array([f'{name}/{IMAGE_NAME % frame}'.encode() for frame in range(count)], np.bytes_),
        sizes=np.tile(size, (count, 1)),
        seq_names=np.full(count, name.encode()),
        frame_ids=np.arange(count),
        intrinsics=np.tile(sequence.intrinsics, (count, 1)),
        poses=sequence.poses,
    )
