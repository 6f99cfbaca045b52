"""Go through all annotations of a data set and count what is there.

Shapes: N people of an image, K joints. Pixels of the full image, millimetres in the camera frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from mmp3d.datasets.base import MultiPersonDataset
from mmp3d.datasets.inspection.spread import Spread
from mmp3d.geometry import MUPOTS17

# What an item may say of a person or, the camera, of an image.
FIELDS = ('2D', '3D', 'camera', 'occlusion', 'identity')
BATCH = 256


@dataclass
class Survey:
    """What the annotations hold.

    Args:
        frames_of: Number of images of each sequence.
        empty: Images in which nobody is annotated.
        person_frames: People, summed over the images.
        valid: Those that are to be scored.
        having: How many people have each of :data:`FIELDS`.
        projection_px: Distances of the projected 3D joints from the 2D ones.
        depth: Distances of the roots along the optical axis, mm.
    """

    frames_of: Counter = field(default_factory=Counter)
    empty: int = 0
    person_frames: int = 0
    valid: int = 0
    having: Counter = field(default_factory=Counter)
    projection_px: Spread = field(default_factory=Spread)
    depth: Spread = field(default_factory=Spread)

    @property
    def frames(self) -> int:
        """Number of images."""
        return sum(self.frames_of.values())


def survey_annotations(dataset: MultiPersonDataset, rows: Iterable[int]) -> Survey:
    """Count what the images at some rows of a data set's annotations hold; images are not opened.

    Args:
        dataset: Read, or read now.
        rows: Rows to go through; a progress bar around a range will do.
    """
    dataset.full_init()
    survey = Survey()
    distances, depths = [], []
    for row in rows:
        item = dataset.annotations.item(row)
        _count(survey, item)
        distances.append(_projection_errors(item))
        depths.append(_root_depths(item))
        if len(distances) == BATCH:
            _add(survey, distances, depths)
            distances, depths = [], []
    _add(survey, distances, depths)
    return survey


def _count(survey: Survey, item: dict) -> None:
    people = len(item['keypoints'])
    survey.frames_of[item['seq_name']] += 1
    survey.empty += people == 0
    survey.person_frames += people
    survey.valid += int((item['person_valid'] > 0).sum())
    survey.having['2D'] += int((item['keypoints_visible'] > 0).any(axis=1).sum())
    survey.having['3D'] += int((item['keypoints_3d_valid'] > 0).any(axis=1).sum())
    survey.having['camera'] += people if item['camera'] is not None else 0
    survey.having['occlusion'] += int((item['keypoints_occluded'] > 0).any(axis=1).sum())
    survey.having['identity'] += int((item['track_ids'] >= 0).sum())


def _projection_errors(item: dict) -> np.ndarray:
    """Distances in px of the joints that have both."""
    both = (item['keypoints_visible'] > 0) & (item['keypoints_3d_valid'] > 0) & (item['person_valid'] > 0)[:, None]
    if item['camera'] is None or not both.any():
        return np.zeros(0)
    return np.linalg.norm(item['camera'].project(item['keypoints_cam'][both]) - item['keypoints'][both], axis=-1)


def _root_depths(item: dict) -> np.ndarray:
    root = MUPOTS17.root_index
    known = (item['keypoints_3d_valid'][:, root] > 0) & (item['person_valid'] > 0)
    return item['keypoints_cam'][known, root, 2]


def _add(survey: Survey, distances: list[np.ndarray], depths: list[np.ndarray]) -> None:
    if distances:
        survey.projection_px.add(np.concatenate(distances))
        survey.depth.add(np.concatenate(depths))
