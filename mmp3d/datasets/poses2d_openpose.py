"""2D poses that OpenPose writes: a folder with one JSON file a frame, people without numbers.

Shapes: S people of all frames, J joints in the files. Pixels of the full image.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from mmp3d.datasets.columns import Field
from mmp3d.datasets.json_file import read_json
from mmp3d.datasets.poses2d import Poses2D, columns_of, group_people, people_of, starts_of
from mmp3d.geometry import OPENPOSE18, OPENPOSE25

FIELD = 'pose_keypoints_2d'
JOINT_SETS = {3 * 25: OPENPOSE25, 3 * 18: OPENPOSE18}
# The frame is the last number of '<video>_000000000012_keypoints.json'.
NAME = re.compile(r'(\d+)(_keypoints)?\.json$')


def from_openpose_folder(folder: str | Path) -> Poses2D:
    """Poses of a folder that OpenPose's ``--write_json`` wrote, BODY_25 or COCO, by the frame number in the names.

    Raises:
        ValueError: No such file in the folder, a number twice, an unknown joint set or two, coordinates that are no
            pixels (``--keypoint_scale 3`` and above), or a file that is damaged; names it.
    """
    files = _frames(Path(folder))
    persons, counts, origins = [], [], []
    for path in files.values():
        content = read_json(path)
        found, _ = people_of(path, 'file', [content], 'people')
        persons += [_keypoints(path, index, person) for index, person in enumerate(found)]
        origins += [path] * len(found)
        counts.append(len(found))
    length = len(persons[0]) if persons else 3 * OPENPOSE25.num_joints
    for person, path in zip(persons, origins, strict=True):
        if len(person) != length:
            raise ValueError(
                f'{path}: a person with {len(person)} numbers, others of the folder have {length}; write all frames '
                'with one model'
            )
    people = np.stack(persons).reshape(-1, length // 3, 3) if persons else np.zeros((0, length // 3, 3), np.float32)
    _check_pixels(folder, people)
    return group_people(folder, 'frame_id', list(files), starts_of(counts), people, JOINT_SETS[length])


def _frames(folder: Path) -> dict[int, Path]:
    """Frame number to file, in order."""
    files: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        found = NAME.search(path.name)
        if not found:
            continue
        number = int(found[1])
        if number in files:
            raise ValueError(
                f'{folder}: {files[number].name} and {path.name} are one frame; a folder must hold one video'
            )
        files[number] = path
    if not files:
        raise ValueError(f'{folder}: holds no OpenPose files named <video>_<frame>_keypoints.json')
    return dict(sorted(files.items()))


def _keypoints(path: Path, index: int, person: Any) -> np.ndarray:
    """(3 J,) numbers of a person."""
    numbers = person.get(FIELD) if isinstance(person, dict) else None
    if not isinstance(numbers, list) or len(numbers) not in JOINT_SETS:
        found = f'{len(numbers)} entries' if isinstance(numbers, list) else f'{numbers!r:.60}'
        raise ValueError(
            f'{path}: people[{index}]: field {FIELD!r} must be a list of 75 (BODY_25) or 54 (COCO) numbers, got {found}'
        )
    return columns_of(path, 'people', [person], {FIELD: Field((len(numbers),))})[FIELD][0]


def _check_pixels(folder: str | Path, people: np.ndarray) -> None:
    places = people[..., :2][people[..., 2] > 0]
    if len(places) and np.abs(places).max() <= 1:
        raise ValueError(
            f'{folder}: no coordinate is above 1, so they are shares of the image; write pixels (--keypoint_scale 0)'
        )
