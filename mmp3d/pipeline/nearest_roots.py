"""The two branches paired without pose matching: by the place of the root in the image alone.

The baseline "w/o PM" of the paper's Table 1, of which the paper says no more than its name.

Shapes: N bottom-up and M top-down people. Camera frame, millimetres.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from mmp3d.geometry import MUPOTS17
from mmp3d.pipeline.matching import CameraPeople, Matches

# More than the rays of any two points in the image are apart.
FAR = 1e6


def match_nearest_roots(bottom_up: CameraPeople, top_down: CameraPeople) -> Matches:
    """Pair people one to one so that their roots are nearest in the image in all, however far that is.

    Pose, depth and confidence do not count. Whoever has no root in front of the camera stays unpaired.
    """
    rays, others = (_root_rays(people) for people in (bottom_up, top_down))
    distances = np.nan_to_num(np.linalg.norm(rays[:, None] - others, axis=-1), nan=FAR)
    rows, columns = linear_sum_assignment(distances)
    near = distances[rows, columns] < FAR
    pairs = np.stack([rows[near], columns[near]], axis=1)
    return Matches(
        pairs, *(np.setdiff1d(np.arange(count), pairs[:, side]) for side, count in enumerate(distances.shape))
    )


def _root_rays(people: CameraPeople) -> np.ndarray:
    """(N, 2) X/Z and Y/Z of the root, NaN where there is none."""
    roots = np.asarray(people.keypoints_cam, np.float64)[:, MUPOTS17.root_index]
    return roots[:, :2] / np.where(roots[:, 2:] > 0, roots[:, 2:], np.nan)
