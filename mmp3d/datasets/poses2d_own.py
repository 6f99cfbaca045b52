"""mmp3d's own file of 2D poses, and one video's frames of COCO-17 poses.

Shapes: S people of all images, J joints in the file. Pixels of the full image.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mmp3d.datasets.columns import Field
from mmp3d.datasets.poses2d import Poses2D, columns_of, group_people, people_of, starts_of, track_ids_of
from mmp3d.geometry import COCO17, MUPOTS17, SKELETONS

KEYS = ('file_name', 'img_id', 'frame_id')


def from_own_format(path: str | Path, content: dict) -> Poses2D:
    """Poses of ``{"format": "mmp3d-poses2d", "joint_set", "images": [{<key>, "people": [{"keypoints"}]}]}``."""
    name = content.get('joint_set', MUPOTS17.name)
    if not isinstance(name, str) or name not in SKELETONS:
        raise ValueError(f'{path}: field "joint_set" must be one of {sorted(SKELETONS)}, got {name!r:.60}')
    skeleton, images = SKELETONS[name], content.get('images')
    columns_of(path, 'images', images, {})
    usable = [key for key in KEYS if images and all(isinstance(image, dict) and key in image for image in images)]
    key = usable[0] if usable else KEYS[0]
    keys = columns_of(path, 'images', images, {key: Field((), bytes if key == 'file_name' else np.int64)})[key]
    keys = keys.tolist()
    if key == 'file_name':
        keys = [each.decode('utf-8', 'surrogatepass') for each in keys]
    persons, counts = people_of(path, 'images', images, 'people')
    people = columns_of(path, 'people', persons, {'keypoints': Field((skeleton.num_joints, 3))})['keypoints']
    ids = track_ids_of(path, 'people', persons, 'track_id')
    return group_people(path, key, keys, starts_of(counts), people, skeleton, ids)


def from_frames(path: str | Path, frames: Any) -> Poses2D:
    """Poses of ``[{"frame", "persons": [{"keypoints", "scores"}]}]``, COCO-17."""
    table = columns_of(path, 'frames', frames, {'frame': Field((), np.int64)})
    persons, counts = people_of(path, 'frames', frames, 'persons')
    fields = {
        'keypoints': Field((COCO17.num_joints, 2)),
        'scores': Field((COCO17.num_joints,), default=[1.0] * COCO17.num_joints),
    }
    values = columns_of(path, 'persons', persons, fields)
    joined = np.concatenate([values['keypoints'], values['scores'][..., None]], axis=-1)
    ids = track_ids_of(path, 'persons', persons, 'track_id')
    return group_people(path, 'frame_id', table['frame'].tolist(), starts_of(counts), joined, COCO17, ids)
