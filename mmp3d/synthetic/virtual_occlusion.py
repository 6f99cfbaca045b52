"""Which joints of the people in virtual scenes are hidden.

Shapes: P people, T frames, K = 17 MuPoTS-17 joints, n pairs of a person and a frame. Pixels and millimetres.
"""

from __future__ import annotations

import numpy as np

from mmp3d.geometry.occlusion import LIMB_RADIUS, hidden_behind_person, hidden_behind_self
from mmp3d.synthetic.clip_noise import boxes_around
from mmp3d.synthetic.virtual_scene import Scenes

_FRAMES = 256


def occluded_joints(scenes: Scenes, by_self: bool = True) -> np.ndarray:
    """Joints behind a box, another person (occluders too) or the own body.

    Args:
        scenes: The scenes.
        by_self: Whether the own body hides.

    Returns:
        (P, T, K) bool; of occluding people, who are not part of an item, only what boxes and their own body hide.
    """
    points, depth = scenes.keypoints, scenes.keypoints_cam[..., 2]
    hidden = scenes.boxes.hide(scenes.scenes, points, depth)
    if by_self:
        hidden |= _by_self(points, depth, scenes.focal)
    low, high = boxes_around(points)
    nearest = depth.min(axis=2)
    reach = LIMB_RADIUS * scenes.focal[:, None] / nearest
    for place, people in enumerate(scenes.rows[:-1]):
        for other_place, others in enumerate(scenes.rows):
            both = (people >= 0) & (others >= 0)
            if place == other_place or not both.any():
                continue
            who, other = people[both], others[both]
            meet = (low[who] < high[other] + reach[other][..., None]) & (
                high[who] > low[other] - reach[other][..., None]
            )
            # Only frames in which the other may reach the person's joints: few of all pairs.
            pair, frame = np.nonzero(meet.all(axis=-1) & (nearest[other] < depth[who].max(axis=2)))
            mine, theirs = (who[pair], frame), (other[pair], frame)
            hidden[mine] |= hidden_behind_person(
                points[mine], depth[mine], points[theirs], depth[theirs], scenes.focal[mine[0]]
            )
    return hidden


def _by_self(points: np.ndarray, depth: np.ndarray, focal: np.ndarray) -> np.ndarray:
    """(P, T, K) bool, some frames at a time: all pairs of joints and bones would not fit the processor's cache."""
    frames = depth.shape[:2]
    flat_points, flat_depth = points.reshape(-1, *points.shape[2:]), depth.reshape(-1, depth.shape[2])
    flat_focal = np.repeat(focal, frames[1])
    pieces = [slice(start, start + _FRAMES) for start in range(0, len(flat_depth), _FRAMES)]
    hidden = [hidden_behind_self(flat_points[piece], flat_depth[piece], flat_focal[piece]) for piece in pieces]
    return np.concatenate(hidden).reshape(depth.shape)
