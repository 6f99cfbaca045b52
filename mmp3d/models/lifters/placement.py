"""Where a pose of known size stands, from the directions in which its joints are seen.

Shapes: ``...`` any leading dimensions, K joints. Rays as in ``pose_features``; camera frame, millimetres.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmp3d.models.lifters.pose_features import found_rays

# No body is nearer to a camera or farther from it: bounds for poses that the rays say little about.
NEAREST, FARTHEST = 300.0, 100_000.0
# Spread (square of an angle) at which the rays count as one direction.
SMALLEST_SPREAD = 1e-8


def root_from_rays(poses: Tensor, rays: Tensor, weights: Tensor, depths: Tensor | None = None) -> Tensor:
    """The root that brings a pose's joints nearest to their rays.

    Joint k at P_k + root is seen at (x_k, y_k): P_x + X = x_k (P_z + Z), and likewise for y. The three unknowns are
    solved for in weighted least squares.

    Args:
        poses: (..., K, 3) mm relative to the root.
        rays: (..., K, 2); finite also where the weight is 0.
        weights: (..., K), not negative. All 0, or all joints in one direction: the depth is ``FARTHEST``.
        depths: (...) mm, root depths that are known; the other two unknowns are then solved for.

    Returns:
        (..., 3) mm, the depth as given or between ``NEAREST`` and ``FARTHEST``.
    """
    shares = (weights / weights.sum(dim=-1, keepdim=True).clamp(min=1e-6))[..., None]
    offsets = rays * poses[..., 2:] - poses[..., :2]
    mean_ray, mean_offset = (shares * rays).sum(dim=-2), (shares * offsets).sum(dim=-2)
    if depths is None:
        spread = rays - mean_ray[..., None, :]
        product = (shares * spread * (offsets - mean_offset[..., None, :])).sum(dim=(-1, -2))
        square = (shares * spread.square()).sum(dim=(-1, -2))
        depths = -product / square.clamp(min=SMALLEST_SPREAD)
        depths = torch.where(square > SMALLEST_SPREAD, depths, FARTHEST).clamp(NEAREST, FARTHEST)
    return torch.cat([mean_offset + mean_ray * depths[..., None], depths[..., None]], dim=-1)


def place_poses(poses: Tensor, depths: Tensor, rays: Tensor, scores: Tensor, root_index: int) -> Tensor:
    """Poses in camera space, at given depths of their roots.

    The root lies on its own ray; where it was not found, where the other joints fit their rays best.

    Args:
        poses: (..., K, 3) mm relative to the root.
        depths: (...) mm.
        rays: (..., K, 2); entries with a score of 0 may hold anything, NaN too.
        scores: (..., K) confidences; all 0 puts the pose on the optical axis.
        root_index: Index of the root joint.

    Returns:
        (..., K, 3) mm.
    """
    rays, weights = found_rays(rays, scores)
    fitted = root_from_rays(poses, rays, weights, depths)
    on_ray = rays[..., root_index, :] * depths[..., None]
    seen = weights[..., root_index, None] > 0
    root = torch.cat([torch.where(seen, on_ray, fitted[..., :2]), depths[..., None]], dim=-1)
    return poses + root[..., None, :]
