"""Which joints are hidden behind another person, from poses alone.

Shapes: N people, K joints, S bones. Pixels; millimetres along the optical axis.
"""

from __future__ import annotations

import numpy as np

from mmp3d.geometry.skeleton import MUPOTS17, Skeleton

LIMB_RADIUS = 90.0
DEPTH_MARGIN = 150.0


def hidden_behind_people(
    keypoints: np.ndarray, depth: np.ndarray, focal: float, skeleton: Skeleton = MUPOTS17
) -> np.ndarray:
    """Joints that lie on the bone of a person who is nearer to the camera.

    A bone counts as a capsule of 90 mm radius, and hides what is at least 150 mm behind the mean depth of its two
    joints: data sets without occlusion labels (MuCo) get a usable estimate for the price of a few thousand numbers.

    Args:
        keypoints: (N, K, 2) px.
        depth: (N, K) Z in mm; a joint with depth 0 (unknown) hides nothing and is not hidden.
        focal: Focal length in px.
        skeleton: The joint set.

    Returns:
        (N, K) bool.
    """
    count, joints = depth.shape
    if count < 2:
        return np.zeros((count, joints), bool)
    child, parent = np.array(skeleton.bones).T
    start, end = keypoints[:, child], keypoints[:, parent]
    known = (depth[:, child] > 0) & (depth[:, parent] > 0)
    bone_depth = np.where(known, (depth[:, child] + depth[:, parent]) / 2, np.inf)
    along = end - start
    offset = keypoints[:, :, None, None] - start
    length = np.maximum((along**2).sum(axis=-1), 1e-6)
    share = np.clip((offset * along).sum(axis=-1) / length, 0, 1)
    distance = np.linalg.norm(offset - share[..., None] * along, axis=-1)
    near = distance < LIMB_RADIUS * focal / bone_depth
    behind = depth[:, :, None, None] > bone_depth + DEPTH_MARGIN
    hides = near & behind
    hides[np.arange(count), :, np.arange(count)] = False
    return hides.any(axis=(2, 3))
