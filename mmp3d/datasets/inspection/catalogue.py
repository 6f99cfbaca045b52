"""Which data sets there are, which class reads which of their splits, and what a whole copy of each holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmp3d.datasets.base import MultiPersonDataset
from mmp3d.datasets.coco import CocoMultiPersonDataset
from mmp3d.datasets.h36m import H36MDataset
from mmp3d.datasets.jta import JTADataset
from mmp3d.datasets.mpi_inf_3dhp import CAMERAS, VIDEO_FRAMES, MPIInf3DHPDataset
from mmp3d.datasets.muco import MuCoDataset
from mmp3d.datasets.mupots import MuPoTSDataset
from mmp3d.datasets.pw3d import PW3DDataset
from mmp3d.datasets.splits import check_split
from mmp3d.synthetic.recipe import FILE_NAME as SYNTHETIC_NOTE
from mmp3d.synthetic.recipe import Recipe, read_recipe

# Frames and annotated people of TS1 to TS20 of MuPoTS-3D.
MUPOTS_FRAMES = (201, 251, 401, 301, 261, 541, 431, 551, 501, 251, 701, 251, 341, 626, 801, 501, 401, 126, 431, 501)
MUPOTS_PEOPLE = (2, 2, 2, 2, 2, 2, 3, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3)
JTA_FRAMES = 900
# Human3.6M: 15 actions, 2 takes and 4 cameras of each subject, without the one corrupt clip of subject 11.
H36M_CLIPS = {'train': 5 * 120, 'test': 2 * 120 - 1}
# Greatest median distance between annotated 2D and projected 3D, px: of exact data, and of a fitted camera. Of a
# synthetic set no joint may be further off than SYNTHETIC_PX.
EXACT_PX, FITTED_PX, SYNTHETIC_PX = 1.0, 5.0, 0.01


@dataclass(frozen=True)
class Whole:
    """What a complete split holds; None where the release does not say.

    Args:
        sequences: Their number.
        frames: Number of images.
        frames_of: Images of each sequence, by its name.
        person_frames: Annotated people, summed over the images.
    """

    sequences: int | None = None
    frames: int | None = None
    frames_of: Mapping[str, int] = field(default_factory=dict)
    person_frames: int | None = None


@dataclass(frozen=True)
class Release:
    """One data set as it is distributed.

    Args:
        dataset: Class that reads it.
        splits: Arguments of the class for each split.
        whole: What a complete copy of each split holds.
        fields: What its people and images must have: any of :data:`~mmp3d.datasets.inspection.survey.FIELDS`.
        projection_px: Greatest median distance of the projected 3D from the 2D.
        synthetic_options: More arguments of the class, with which nothing of a synthetic set is left out.
    """

    dataset: type[MultiPersonDataset]
    splits: Mapping[str, Mapping[str, Any]]
    whole: Mapping[str, Whole]
    fields: tuple[str, ...]
    projection_px: float = EXACT_PX
    synthetic_options: Mapping[str, Any] = field(default_factory=dict)


def _coco_split(year_split: str) -> dict[str, Any]:
    return dict(ann_file=f'annotations/person_keypoints_{year_split}.json', data_prefix=dict(img=year_split))


def _by_name(*splits: str) -> dict[str, dict[str, str]]:
    return {split: dict(split=split) for split in splits}


def _jta_whole(numbers: range) -> Whole:
    frames = {f'seq_{number}': JTA_FRAMES for number in numbers}
    return Whole(len(frames), sum(frames.values()), frames)


def _mpi_inf_3dhp_whole() -> Whole:
    """Of the cameras that are read by default."""
    frames = {
        f'S{subject}_Seq{sequence}_Cam{camera}': count
        for subject, counts in VIDEO_FRAMES.items()
        for sequence, count in enumerate(counts, 1)
        for camera in CAMERAS
    }
    return Whole(len(frames), sum(frames.values()), frames)


MUPOTS_WHOLE = Whole(
    sequences=len(MUPOTS_FRAMES),
    frames=sum(MUPOTS_FRAMES),
    frames_of={f'TS{number}': count for number, count in enumerate(MUPOTS_FRAMES, 1)},
    person_frames=sum(count * people for count, people in zip(MUPOTS_FRAMES, MUPOTS_PEOPLE, strict=True)),
)

RELEASES = {
    'muco': Release(MuCoDataset, {'train': {}}, {'train': Whole()}, ('2D', '3D', 'camera')),
    'mupots': Release(MuPoTSDataset, {'test': {}}, {'test': MUPOTS_WHOLE}, ('2D', '3D', 'camera'), FITTED_PX),
    'mpi_inf_3dhp': Release(MPIInf3DHPDataset, {'train': {}}, {'train': _mpi_inf_3dhp_whole()}, ('2D', '3D', 'camera')),
    'coco': Release(
        CocoMultiPersonDataset,
        {'train': _coco_split('train2017'), 'val': _coco_split('val2017')},
        {'train': Whole(frames=118_287), 'val': Whole(frames=5_000)},
        ('2D',),
    ),
    'jta': Release(
        JTADataset,
        _by_name('train', 'val', 'test'),
        {
            'train': _jta_whole(range(256)),
            'val': _jta_whole(range(257, 512, 2)),
            'test': _jta_whole(range(256, 512, 2)),
        },
        ('2D', '3D', 'camera', 'occlusion', 'identity'),
    ),
    '3dpw': Release(
        PW3DDataset,
        _by_name('train', 'val', 'test'),
        {'train': Whole(sequences=24), 'val': Whole(sequences=12), 'test': Whole(sequences=24)},
        ('2D', '3D', 'camera'),
    ),
    'h36m': Release(
        H36MDataset,
        _by_name('train', 'test'),
        {split: Whole(sequences=clips) for split, clips in H36M_CLIPS.items()},
        ('2D', '3D', 'camera'),
        synthetic_options=dict(keep_corrupt=True),
    ),
}


def release_of(name: str) -> Release:
    """The release of that name. Raises ValueError where there is none; lists those there are."""
    if name not in RELEASES:
        raise ValueError(f'data set must be one of {list(RELEASES)}, got {name!r}')
    return RELEASES[name]


def open_split(
    name: str, root: str | Path, split: str, ann_file: str | None = None, **options: Any
) -> MultiPersonDataset:
    """Read one split of a data set with everything in it, also images in which nobody is annotated.

    Args:
        name: Key of :data:`RELEASES`.
        root: Folder of the data set.
        split: One of the release's splits.
        ann_file: Annotation file or folder in place of the class's default.
        **options: More arguments of the class.

    Raises:
        FileNotFoundError, ValueError: As the class does; also for an unknown name or split.
    """
    release = release_of(name)
    check_split(split, release.splits, name)
    arguments = dict(release.splits[split], data_root=str(root), filter_cfg=dict(filter_empty=False), **options)
    if ann_file is not None:
        arguments['ann_file'] = ann_file
    return release.dataset(**arguments)


def remedy_of(name: str) -> str:
    """Where to get a data set, in the words of its class."""
    return release_of(name).dataset.REMEDY


def synthetic_recipe(root: str | Path) -> Recipe | None:
    """What ``tools/make_synthetic.py`` noted in the folder; None for real data.

    Raises:
        ValueError: The note is damaged, or of a newer version.
    """
    note = Path(root) / SYNTHETIC_NOTE
    return read_recipe(note) if note.is_file() else None
