"""2D poses from a caller's own function, looked at before they go on.

Shapes: M people, K joints of MuPoTS-17. Pixels of the full image.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from mmp3d.apis.given_poses import PoseInput, PoseLookup, nobody, pose_lookup
from mmp3d.apis.sources import Frame
from mmp3d.datasets.poses2d import Poses
from mmp3d.geometry import MUPOTS17

JOINTS = MUPOTS17.num_joints


def checked_lookup(pose2d: PoseInput) -> PoseLookup:
    """:func:`~mmp3d.apis.given_poses.pose_lookup`; a function whose answer is no poses raises ValueError then."""
    lookup = pose_lookup(pose2d)
    return partial(_checked, lookup) if callable(pose2d) else lookup


def _checked(lookup: PoseLookup, frame: Frame, number: int) -> Poses | None:
    given = lookup(frame, number)
    if given is None:
        return None
    try:
        keypoints, scores = (np.asarray(part) for part in given)
        if keypoints.shape[:1] == scores.shape[:1] == (0,):
            return nobody()
        fits = keypoints.shape == (len(keypoints), JOINTS, 2) and scores.shape == keypoints.shape[:2]
        fits = fits and keypoints.dtype.kind in 'fiu' and scores.dtype.kind in 'fiub'
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(
            f'{frame.name}: pose2d must give keypoints (people, {JOINTS}, 2) px and scores (people, {JOINTS}), or None '
            f'for an image without poses; got {" ".join(repr(given).split()):.60}'
        )
    return keypoints, scores
