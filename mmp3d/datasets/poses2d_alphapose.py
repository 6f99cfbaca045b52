"""2D poses that AlphaPose writes: a list as COCO's results, but images by file name, and people numbered with tracking.

Shapes: S people of all images, J joints in the file. Pixels of the full image.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmp3d.datasets.columns import Field
from mmp3d.datasets.poses2d import Poses2D, columns_of, group_unsorted_people, track_ids_of
from mmp3d.geometry import COCO17, HALPE26

# Numbers a person to the joint set; Halpe's full body begins with its body and feet.
JOINT_SETS = {3 * 17: COCO17, 3 * 26: HALPE26, 3 * 136: HALPE26}


def is_alphapose(content: Any) -> bool:
    """Whether a JSON list is AlphaPose's: its first record names an image by a text."""
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, dict) and isinstance(first.get('image_id'), str)


def from_alphapose(path: str | Path, results: list[Any]) -> Poses2D:
    """Poses of ``[{"image_id": "0.jpg", "keypoints": J x (x, y, score), "idx"}]``, J of COCO-17, Halpe-26 or Halpe-136.

    ``idx`` is the number of the person, or a list that begins with it.

    Raises:
        ValueError: A record lacks a field, or has another joint set than the first one or an unknown one.
    """
    keypoints = results[0].get('keypoints')
    length = len(keypoints) if isinstance(keypoints, list) else None
    if length not in JOINT_SETS:
        raise ValueError(
            f'{path}: results[0]: field "keypoints" must be a list of {sorted(JOINT_SETS)} numbers (COCO-17, Halpe-26, '
            f'Halpe-136), got {f"{length} entries" if length is not None else repr(keypoints)[:60]}'
        )
    fields = {'image_id': Field((), bytes), 'keypoints': Field((length // 3, 3), also_flat=True)}
    table = columns_of(path, 'results', results, fields)
    skeleton = JOINT_SETS[length]
    people = table['keypoints'][:, : skeleton.num_joints]
    ids = track_ids_of(path, 'results', [_with_plain_idx(record) for record in results], 'idx')
    return group_unsorted_people(path, 'file_name', table['image_id'], people, skeleton, ids)


def _with_plain_idx(record: dict) -> dict:
    number = record.get('idx')
    while isinstance(number, list):
        number = number[0] if number else None
    return {'idx': number}
