"""Lifts batches of clips whole, for training on what is lifted and for labels of many clips.

Shapes: B clips, T frames, K joints. Rays are K^-1 times pixels; camera frame, millimetres.
"""

from __future__ import annotations

import torch
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from mmp3d.models.lifters.placement import place_poses, root_from_rays
from mmp3d.models.lifters.pose_features import found_rays


def lift_clips(networks: nn.Module, rays: Tensor, scores: Tensor) -> Tensor:
    """Poses in camera space of every frame, with gradients: ``PoseLiftingEstimator.lift_track`` for a batch.

    Args:
        networks: A :class:`PoseLiftingEstimator` with a GCN or a pose net, in a distributed wrapper or not.
        rays: (B, T, K, 2), any T: the first and last frame stand still beyond the ends.
        scores: (B, T, K) confidences in 0..1; entries with a score of 0 may hold anything, NaN too.

    Returns:
        (B, T, K, 3) mm.

    Raises:
        ValueError: The networks have no stage that predicts poses.
    """
    own = networks.module if is_model_wrapper(networks) else networks
    if own.gcn is None and own.pose_net is None:
        raise ValueError('lift_clips needs a PoseLiftingEstimator with a gcn or a pose_net, got a depth_net alone')
    contexts = [_context(net) for net in (own.pose_net, own.depth_net) if net is not None]
    before, after = (max((context[side] for context in contexts), default=0) for side in range(2))
    frames = torch.arange(-before, rays.shape[1] + after, device=rays.device).clamp(0, rays.shape[1] - 1)
    rays, scores = found_rays(rays, scores)
    windows = networks(torch.cat([rays, scores[..., None]], dim=-1)[:, frames], mode='tensor')

    def of_clip(answers: Tensor, context: tuple[int, int]) -> Tensor:
        return answers[:, before - context[0] :][:, : rays.shape[1]].float()

    if own.pose_net is None:
        poses = of_clip(windows.frame_poses, (0, 0))
    else:
        poses = of_clip(windows.poses, _context(own.pose_net))
    if own.depth_net is None:
        depths = root_from_rays(poses, rays, scores)[..., 2]
    else:
        depths = of_clip(windows.depths, _context(own.depth_net))
    return place_poses(poses, depths, rays, scores, own.root_index)


def _context(net: nn.Module) -> tuple[int, int]:
    """Frames before and after the one that a net answers for; a net without a context answers for all."""
    return getattr(net, 'context', (0, 0))
