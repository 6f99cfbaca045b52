"""Which joints are hidden behind people, from poses alone.

Shapes: N people, K joints, S bones, ... any leading dimensions (people, pairs of people, frames). Pixels; millimetres
along the optical axis.
"""

from __future__ import annotations

from functools import cache

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
    hides = hidden_behind_person(keypoints[:, None], depth[:, None], keypoints[None], depth[None], focal, skeleton)
    hides[np.arange(count), np.arange(count)] = False
    return hides.any(axis=1)


def hidden_behind_person(
    keypoints: np.ndarray,
    depth: np.ndarray,
    other_keypoints: np.ndarray,
    other_depth: np.ndarray,
    focal: np.ndarray,
    skeleton: Skeleton = MUPOTS17,
) -> np.ndarray:
    """Joints of one person that another one hides, as in :func:`hidden_behind_people`, for many pairs at once.

    Args:
        keypoints, depth: (..., K, 2) px and (..., K) mm of who may be hidden.
        other_keypoints, other_depth: The same of who may hide.
        focal: (...) px.
        skeleton: The joint set.

    Returns:
        (..., K) bool.
    """
    return np.moveaxis(_covered(keypoints, depth, other_keypoints, other_depth, focal, skeleton).any(axis=1), 0, -1)


def hidden_behind_self(
    keypoints: np.ndarray, depth: np.ndarray, focal: np.ndarray, skeleton: Skeleton = MUPOTS17
) -> np.ndarray:
    """Joints that the person's own body hides: a capsule of any bone that does not end at the joint.

    Arguments and result as in :func:`hidden_behind_person`.
    """
    covered = _covered(keypoints, depth, keypoints, depth, focal, skeleton)
    for bone, ends in enumerate(skeleton.bones):
        covered[list(ends), bone] = False
    return np.moveaxis(covered.any(axis=1), 0, -1)


def _covered(points, depth, other_points, other_depth, focal, skeleton: Skeleton) -> np.ndarray:
    """(K, S, ...) bool: the joint lies on the other's bone and behind it."""
    child, parent = _ends_of_bones(skeleton)
    # Joints and bones come first, so that the inner loops run over people and frames, of which there are many.
    x, y, z = (_last_first(each)[:, None] for each in (points[..., 0], points[..., 1], depth))
    others = (other_points[..., 0], other_points[..., 1], other_depth)
    other_x, other_y, other_z = map(_last_first, others)
    known = (other_z[child] > 0) & (other_z[parent] > 0)
    bone_depth = np.where(known, (other_z[child] + other_z[parent]) / 2, np.inf)
    along_x, along_y = other_x[parent] - other_x[child], other_y[parent] - other_y[child]
    length = np.maximum(along_x**2 + along_y**2, 1e-6)
    aside_x, aside_y = x - other_x[child], y - other_y[child]
    # All pairs of joints and bones are the cost: what can be, is computed in place.
    share = aside_x * along_x
    share += aside_y * along_y
    share /= length
    np.minimum(np.maximum(share, 0, out=share), 1, out=share)
    aside_x -= share * along_x
    aside_y -= np.multiply(share, along_y, out=share)
    aside_x *= aside_x
    aside_y *= aside_y
    near = np.add(aside_x, aside_y, out=share) < (LIMB_RADIUS * focal / bone_depth) ** 2
    near &= z > bone_depth + DEPTH_MARGIN
    return near


@cache
def _ends_of_bones(skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """(S,) child and (S,) parent joints."""
    child, parent = np.array(skeleton.bones).T
    return child, parent


def _last_first(array: np.ndarray) -> np.ndarray:
    """A copy with the last axis first; ``np.moveaxis`` takes as long as all that is computed of a few people."""
    return np.ascontiguousarray(array.transpose(-1, *range(array.ndim - 1)))
