"""Human3.6M: one person in a studio, from the community's JSON or mmpose's .npz.

Shapes: I images with one person each, K = 17 joints. Pixels of the full image, millimetres in the camera frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from mmpose.registry import DATASETS

from mmp3d.datasets.base import MultiPersonDataset
from mmp3d.datasets.h36m_json import h36m_json_files, read_h36m_json
from mmp3d.datasets.h36m_npz import read_h36m_npz
from mmp3d.datasets.h36m_table import CAMERA_IDS, METADATA, H36MTable
from mmp3d.datasets.joined import JoinedAnnotations
from mmp3d.datasets.people import in_mupots17, person_table
from mmp3d.datasets.report import shown_progress, warn
from mmp3d.datasets.splits import check_split
from mmp3d.datasets.table import Annotations, ImageTable
from mmp3d.geometry import H36M17, MUPOTS17

SPLITS = {'train': (1, 5, 6, 7, 8), 'test': (9, 11)}
SUBJECTS = (1, 5, 6, 7, 8, 9, 11)


@DATASETS.register_module()
class H36MDataset(MultiPersonDataset):
    """Human3.6M; an item also holds ``action`` (its name), ``subject`` (number) and ``camera_id``.

    From ``annotations/Human36M_subject<n>_{data,camera,joint_3d}.json`` (world coordinates moved into the cameras, 2D
    the projection, with the lens where ``metadata.xml`` of the release lies in ``data_root``), or with
    ``ann_file='.../h36m_test.npz'`` from what mmpose's converter writes (``cameras.pkl`` beside it; its own 2D).
    ``frame_id`` counts from 0 at 50 frames a second; ``track_ids`` are 0; nothing is known of occlusion.

    Args:
        split: ``'train'`` (subjects 1, 5, 6, 7, 8) or ``'test'`` (9, 11).
        ann_file: Folder of the JSON files, or the .npz, relative to ``data_root``.
        subjects: Numbers of the subjects to serve; None: those of the split.
        keep_corrupt: Serve subject 11's second take of Directions by camera 54138969 too, whose video is corrupt.
        mend_shift: Move three takes of subject 9 (SittingDown 1, Waiting 1, Greeting), which lie 200 mm aside, to where
            the cameras see them. Published results leave them as they are.
        **kwargs: See :class:`MultiPersonDataset`.
    """

    METAINFO = MUPOTS17.metainfo('h36m')
    IMAGE_FOLDER = 'images'
    REMEDY = (
        'Human3.6M comes from http://vision.imar.ro/human3.6m/, in this layout from the 3DMPPE_POSENET_RELEASE '
        'project; '
        '`python tools/make_synthetic.py --format h36m --out DATA_ROOT` writes synthetic data in it.'
    )

    def __init__(
        self,
        split: str = 'train',
        ann_file: str = 'annotations',
        *,
        subjects: Sequence[int] | None = None,
        keep_corrupt: bool = False,
        mend_shift: bool = False,
        **kwargs: Any,
    ) -> None:
        self.split = check_split(split, SPLITS, 'Human3.6M')
        self.subjects = list(SPLITS[split] if subjects is None else subjects)
        if not self.subjects or any(subject not in SUBJECTS for subject in self.subjects):
            raise ValueError(f'subjects must be some of {SUBJECTS}, which have annotations; got {subjects!r}')
        self.keep_corrupt, self.mend_shift = keep_corrupt, mend_shift
        super().__init__(ann_file=ann_file, **kwargs)

    def load_annotations(self) -> Annotations | JoinedAnnotations:
        """Parse the .npz if one is named, else the subjects' JSON files."""
        path = self._require(self.ann_file)
        if self.ann_file.endswith('.npz'):
            files = [path, Path(path).with_name('cameras.pkl')]
            build = partial(self._parsed, partial(read_h36m_npz, path, self.subjects))
            return self._cached(Path(path).stem, files, build, subjects=self.subjects, **self._choices)
        metadata = self._metadata()
        found = [subject for subject in self.subjects if (Path(path) / f'Human36M_subject{subject}_data.json').exists()]
        if not found:
            raise FileNotFoundError(
                f'{path} holds no Human36M_subject<n>_data.json of the subjects {self.subjects}. {self.REMEDY}'
            )
        if missing := sorted(set(self.subjects) - set(found)):
            warn(f'{path}: no files of the subjects {missing}; only {found} are served')
        shown = shown_progress(found, f'Human3.6M {self.split}')
        return JoinedAnnotations([self._subject(path, subject, metadata) for subject in shown])

    def _subject(self, folder: str, subject: int, metadata: Path | None) -> Annotations:
        files = [*h36m_json_files(folder, subject).values(), *([metadata] if metadata else ())]
        build = partial(self._parsed, partial(read_h36m_json, folder, subject, metadata))
        return self._cached(f'subject{subject}', files, build, metadata=metadata is not None, **self._choices)

    @property
    def _choices(self) -> dict[str, bool]:
        return {'keep_corrupt': self.keep_corrupt, 'mend_shift': self.mend_shift}

    def _metadata(self) -> Path | None:
        path = Path(self.data_root or '.') / METADATA
        if path.exists():
            return path
        warn(f'{path} does not exist: the lens distortion is not known, in real images 2D is up to 1.5 px off')
        return None

    def _parsed(self, read: Callable[..., H36MTable]) -> Annotations:
        table = read(mend_shift=self.mend_shift)
        for note in table.notes:
            warn(f'{self.source}, subject {table.subjects[0]}: {note}')
        kept = np.full(len(table.subjects), True) if self.keep_corrupt else ~table.corrupt
        table = table.rows(kept)
        order = np.lexsort((table.frames, table.seq_names))
        return self._in_mupots17(table.rows(order))

    def _in_mupots17(self, table: H36MTable) -> Annotations:
        images = _image_table(table)
        points, labelled = in_mupots17(H36M17, table.points, table.labelled)
        pixels, _ = in_mupots17(H36M17, table.pixels, table.labelled)
        count = len(images)
        people, defects = person_table(
            pixels=pixels,
            points=points,
            sizes=images.sizes,
            labelled=labelled,
            boxes=table.boxes,
            person_valid=labelled.any(axis=1),
            track_ids=np.zeros(count, np.int32),
        )
        missing = int((~people.person_valid).sum())
        if defects or missing:
            warn(f'{self.source}: {defects}, {missing} images have no pose; not used')
        return Annotations(images, people, np.arange(count + 1))


def _image_table(table: H36MTable) -> ImageTable:
    keys = table.subjects * 10 + table.cameras
    kinds, kind = np.unique(keys, return_inverse=True)
    cameras = [table.lenses[divmod(key, 10)] for key in kinds.tolist()]
    lenses = [camera.distortion for camera in cameras]
    known = all(lens is not None for lens in lenses) and bool(lenses)
    return ImageTable(
        img_ids=table.img_ids,
        file_names=table.file_names,
        sizes=_by_camera([camera.image_size for camera in cameras], kind, 2).astype(int),
        seq_names=table.seq_names,
        frame_ids=table.frames,
        intrinsics=_by_camera([camera.K[[0, 1, 0, 1], [0, 1, 2, 2]] for camera in cameras], kind, 4),
        poses=_by_camera([np.concatenate([camera.R.ravel(), camera.t]) for camera in cameras], kind, 12),
        distortions=_by_camera(lenses, kind, 5) if known else None,
        distortion_model='h36m',
        labels={
            'action': table.action_names,
            'subject': table.subjects,
            'camera_id': np.array([name.encode() for name in CAMERA_IDS])[table.cameras - 1],
        },
    )


def _by_camera(values: list, kind: np.ndarray, width: int) -> np.ndarray:
    return np.reshape(np.array(values, np.float64), (-1, width))[kind.ravel()]
