"""The people of a data set from the joints that its files hold, with everything that cannot be a label marked.

Shapes: P people, K = 17 joints of MuPoTS-17. Pixels of the full image, millimetres in the camera frame.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mmp3d.datasets import hygiene
from mmp3d.datasets.table import PersonTable
from mmp3d.geometry import MUPOTS17, Skeleton


class Defects(NamedTuple):
    """Joints of valid people that the files label but that cannot be labels."""

    pixels: int
    points: int

    def __str__(self) -> str:
        return f'{self.pixels} 2D and {self.points} 3D joints of valid people are not finite or behind the camera'

    def __bool__(self) -> bool:
        return bool(self.pixels or self.points)


def in_mupots17(skeleton: Skeleton, joints: np.ndarray, labelled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Joints of another set as MuPoTS-17; one that is not finite spoils no other.

    Args:
        skeleton: The set, of S joints.
        joints: (P, S, C) pixels or millimetres.
        labelled: (P, S) bool.

    Returns:
        (P, K, C), NaN where not finite or not labelled, and (P, K) bool: labelled.
    """
    found, finite = skeleton.convert(joints, labelled & np.isfinite(joints).all(axis=-1), MUPOTS17)
    _, labelled = skeleton.convert(labelled[..., None], labelled, MUPOTS17)
    return np.where(finite[..., None], found, np.nan), labelled


def person_table(
    pixels: np.ndarray,
    points: np.ndarray,
    sizes: np.ndarray,
    *,
    labelled: np.ndarray | None = None,
    univ_points: np.ndarray | None = None,
    boxes: np.ndarray | None = None,
    occluded: np.ndarray | None = None,
    person_valid: np.ndarray | None = None,
    track_ids: np.ndarray | None = None,
) -> tuple[PersonTable, Defects]:
    """Clean the joints and boxes of people.

    Args:
        pixels: (P, K, 2) px.
        points: (P, K, 3) mm.
        sizes: (P, 2) width and height of each person's image.
        labelled: (P, K) bool, joints that the files annotate; None: all.
        univ_points: (P, K, 3) mm, the rescaled skeleton; None where it is ``points``.
        boxes: (P, 4) xyxy px; None or NaN: the box around the joints.
        occluded: (P, K) bool; None: none is.
        person_valid: (P,) bool; None: all are.
        track_ids: (P,); None: unknown.

    Returns:
        The people, and how many joints of the valid ones were given up.
    """
    count, joints = pixels.shape[:2]
    labelled = np.ones((count, joints), bool) if labelled is None else labelled
    person_valid = np.ones(count, bool) if person_valid is None else person_valid
    boxes = np.full((count, 4), np.nan, np.float32) if boxes is None else boxes
    finite = labelled & np.isfinite(pixels).all(axis=-1)
    keypoints, visible, _ = hygiene.clean_2d(pixels, labelled, sizes)
    points, valid, _ = hygiene.clean_3d(points, labelled)
    if univ_points is not None:
        univ_points, valid, _ = hygiene.clean_3d(univ_points, valid)
        points = np.where(valid[..., None], points, 0)
    people = PersonTable(
        bbox=hygiene.clean_boxes(boxes, keypoints, finite, sizes),
        keypoints=keypoints,
        keypoints_visible=visible,
        keypoints_cam=points,
        keypoints_3d_valid=valid,
        keypoints_occluded=np.zeros((count, joints), bool) if occluded is None else occluded,
        person_valid=person_valid,
        track_ids=np.full(count, -1, np.int32) if track_ids is None else track_ids,
        keypoints_cam_univ=univ_points,
    )
    lost = (int((labelled & ~good)[person_valid].sum()) for good in (finite, valid))
    return people, Defects(*lost)
