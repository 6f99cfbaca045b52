"""What the lifters see of a 2D pose: its shape, its size, where it is, and how sure each joint is.

Shapes: ``...`` any leading dimensions, K joints. Rays are K^-1 times pixels, X/Z and Y/Z: the image of a camera with
f = 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

# Rays closer than this to their middle are one point; a person 450 mm across is so small at 450 m.
SMALLEST_SIZE = 1e-3
# Tan of the angle to the optical axis. One joint beyond it, of a damaged file, would spoil the whole track.
FARTHEST_ASIDE = 1e3
# Middle and spread of log size over people 1.5 m to 12 m away.
LOG_SIZE_MEAN, LOG_SIZE_SPREAD = -2.3, 0.6


def centre_and_size(keypoints: Tensor, weights: Tensor, smallest: float) -> tuple[Tensor, Tensor]:
    """Weighted mean of the joints and their root mean square distance from it.

    Args:
        keypoints: (..., K, 2) any unit; finite also where the weight is 0.
        weights: (..., K), not negative; all 0 gives the origin and ``smallest``.
        smallest: Least size that is given back.

    Returns:
        (..., 2) and (...), in the unit of the keypoints.
    """
    count = weights.sum(dim=-1).clamp(min=1e-6)
    centre = (keypoints * weights[..., None]).sum(dim=-2) / count[..., None]
    squares = (keypoints - centre[..., None, :]).square().sum(dim=-1)
    return centre, ((squares * weights).sum(dim=-1) / count).sqrt().clamp(min=smallest)


def found_rays(rays: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Rays (..., K, 2) and scores (..., K) with zeros for joints whose score is 0 or whose ray no picture shows: one
    that is not finite, or further aside than ``FARTHEST_ASIDE``."""
    found = (scores > 0) & (rays.abs() < FARTHEST_ASIDE).all(dim=-1)
    return torch.where(found[..., None], rays, 0), torch.where(found, scores, 0)


def pose_features(rays: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """A pose as numbers around 1.

    The size stays among them: it is what tells how far away a person is.

    Args:
        rays: (..., K, 2); entries with a score of 0 may hold anything, NaN too.
        scores: (..., K) confidences in 0..1; 0 is a joint that was not found.

    Returns:
        (..., K, 3) place relative to the pose's middle in units of its size (0 where not found) and score; and
        (..., 3) middle and standardised log size of the whole pose.
    """
    rays, scores = found_rays(rays, scores)
    found = scores > 0
    centre, size = centre_and_size(rays, found.to(rays), SMALLEST_SIZE)
    offsets = (rays - centre[..., None, :]) / size[..., None, None] * found[..., None]
    log_size = (size.log() - LOG_SIZE_MEAN) / LOG_SIZE_SPREAD * found.any(dim=-1)
    joints = torch.cat([offsets, scores[..., None]], dim=-1)
    return joints, torch.cat([centre, log_size[..., None]], dim=-1)
