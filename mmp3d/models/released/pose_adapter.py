"""The released adapter of poses to another data set.

Shapes: B poses, K joints.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn


@MODELS.register_module()
class ReleasedPoseAdapter(BaseModule):
    """Turns a pose by a free 3x3 matrix that follows from it, then maps it linearly.

    Args:
        num_keypoints: K.
        channels: Channels inside.
        init_cfg: Initialisation.
    """

    def __init__(self, num_keypoints: int = 17, channels: int = 512, init_cfg: OptConfigType = None) -> None:
        super().__init__(init_cfg)
        size = 3 * num_keypoints
        self.matrix = nn.Sequential(
            nn.Linear(size, channels), nn.GELU(), nn.Linear(channels, channels), nn.GELU(), nn.Linear(channels, 9)
        )
        self.output = nn.Linear(size, size)

    def forward(self, poses: Tensor) -> Tensor:
        """(B, 3, K) to (B, 3, K)."""
        matrices = self.matrix(poses.flatten(1)).unflatten(1, (3, 3))
        turned = torch.einsum('bjk,bjl->bkl', matrices, poses)
        return self.output(turned.flatten(1)).view_as(poses)
