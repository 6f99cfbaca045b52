"""MPI-INF-3DHP: one person in a studio of many cameras, the source of MuCo-3DHP's people, from its own files.

Shapes: T frames of a sequence, K = 17 joints. Pixels of the full image, millimetres in the camera frame.
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
from mmp3d.datasets.joined import JoinedAnnotations
from mmp3d.datasets.mpi_inf_3dhp_files import SequencePoses, read_annotations, read_calibration
from mmp3d.datasets.people import person_table
from mmp3d.datasets.report import shown_progress, warn
from mmp3d.datasets.splits import chosen
from mmp3d.datasets.table import Annotations, ImageTable
from mmp3d.geometry import MUPOTS17, Camera

# Those that mmpose's converter takes frames of: the others hang from the ceiling.
CAMERAS = (0, 1, 2, 4, 5, 6, 7, 8)
NUM_CAMERAS = 14
# Frames of the videos of each subject's two sequences; annotations may go on beyond them.
VIDEO_FRAMES = {
    1: (6416, 12430), 2: (6502, 6081), 3: (12488, 12283), 4: (6171, 6675), 5: (12820, 12312), 6: (6188, 6145),
    7: (6239, 6320), 8: (6468, 6054)}  # fmt: skip
IMAGE_NAME = 'S{}_Seq{}_Cam{}_{:06d}.jpg'
IDS_PER_CLIP = 100_000


@DATASETS.register_module()
class MPIInf3DHPDataset(MultiPersonDataset):
    """The training sequences of MPI-INF-3DHP, one person before each of several cameras.

    Read from ``S<n>/Seq<m>/{annot.mat, camera.calibration}`` with the frames that mmpose's converter takes from the
    videos, ``images/S<n>_Seq<m>_Cam<camera>_<frame from 1>.jpg``. A clip is a sequence by one camera; ``track_ids`` are
    0, nothing is known of occlusion. Rates differ: 25 or 50 frames a second. The test set (HDF5) is not read.

    Args:
        ann_file: Folder of the subjects' folders, relative to ``data_root``; '' (default): ``data_root`` itself.
        subjects: Numbers (1 to 8) of the subjects to serve; None: all that are there.
        cameras: Numbers (0 to 13) of the cameras.
        **kwargs: See :class:`MultiPersonDataset`.
    """

    METAINFO = MUPOTS17.metainfo('mpi_inf_3dhp')
    IMAGE_FOLDER = 'images'
    REMEDY = (
        'MPI-INF-3DHP comes from https://vcai.mpi-inf.mpg.de/3dhp-dataset/; '
        "mmpose's tools/dataset_converters/preprocess_mpi_inf_3dhp.py writes the frames of its videos."
    )

    def __init__(
        self,
        ann_file: str = '',
        *,
        subjects: Sequence[int] | None = None,
        cameras: Sequence[int] = CAMERAS,
        **kwargs: Any,
    ) -> None:
        if not len(cameras) or any(camera not in range(NUM_CAMERAS) for camera in cameras):
            raise ValueError(f'cameras must be numbers from 0 to {NUM_CAMERAS - 1}, got {cameras!r}')
        self.subjects, self.cameras = subjects, sorted(set(cameras))
        super().__init__(ann_file=ann_file, **kwargs)

    def load_annotations(self) -> JoinedAnnotations:
        """Parse the sequences' files."""
        folders = {}
        for path in Path(self.source).glob('S*/Seq*/annot.mat'):
            if found := re.fullmatch(r'S([1-8])/Seq([12])', path.parent.relative_to(self.source).as_posix()):
                folders[int(found[1]), int(found[2])] = path.parent
        if not folders:
            self._require(str(Path(self.source) / 'S1/Seq1/annot.mat'))
        subjects = chosen(self.subjects, sorted({subject for subject, _ in folders}), 'subjects', self.source)
        names = shown_progress([name for name in sorted(folders) if name[0] in subjects], 'MPI-INF-3DHP')
        return JoinedAnnotations([self._sequence(*name, folders[name]) for name in names])

    @property
    def source(self) -> str:
        """What the annotations were read from, for messages."""
        return self.ann_file or self.data_root or '.'

    def _sequence(self, subject: int, sequence: int, folder: Path) -> Annotations:
        files = [folder / name for name in ('annot.mat', 'camera.calibration')]
        build = partial(self._parsed, subject, sequence, *files)
        return self._cached(f'S{subject}-Seq{sequence}', files, build, cameras=self.cameras)

    def _parsed(self, subject: int, sequence: int, path: Path, calibration: Path) -> Annotations:
        poses, cameras = read_annotations(path), read_calibration(calibration)
        for name, found in ((path, poses), (calibration, cameras)):
            if self.cameras[-1] >= len(found):
                raise ValueError(f'{name}: has {len(found)} cameras, but number {self.cameras[-1]} is asked for')
        frames = VIDEO_FRAMES[subject][sequence - 1]
        kept = [SequencePoses(*(column[:frames] for column in poses[camera])) for camera in self.cameras]
        images = _image_table(
            [_clip_columns(subject, sequence, camera, cameras[camera], len(clip.points))
             for camera, clip in zip(self.cameras, kept, strict=True)]
        )  # fmt: skip
        columns = SequencePoses(*(np.concatenate(column) for column in zip(*kept, strict=True)))
        people, defects = person_table(
            columns.pixels,
            columns.points,
            images.sizes,
            univ_points=columns.univ_points,
            track_ids=np.zeros(len(images), np.int32),
        )
        if defects:
            warn(f'{path}: {defects}; not used')
        return Annotations(images, people, np.arange(len(images) + 1))


def _clip_columns(subject: int, sequence: int, number: int, camera: Camera, frames: int) -> dict[str, np.ndarray]:
    """Columns of :class:`ImageTable` for a sequence by one camera."""
    clip = (subject * 10 + sequence) * 100 + number
    names = [IMAGE_NAME.format(subject, sequence, number, frame) for frame in range(1, frames + 1)]
    return dict(
        img_ids=clip * IDS_PER_CLIP + np.arange(frames),
        file_names=np.array(names, np.bytes_),
        sizes=np.tile(camera.image_size, (frames, 1)),
        seq_names=np.full(frames, f'S{subject}_Seq{sequence}_Cam{number}'.encode()),
        frame_ids=np.arange(frames),
        intrinsics=np.tile(camera.K[[0, 1, 0, 1], [0, 1, 2, 2]], (frames, 1)),
        poses=np.tile(np.concatenate([camera.R.ravel(), camera.t]), (frames, 1)),
    )


def _image_table(clips: Sequence[dict[str, np.ndarray]]) -> ImageTable:
    return ImageTable(**{name: np.concatenate([clip[name] for clip in clips]) for name in clips[0]})
