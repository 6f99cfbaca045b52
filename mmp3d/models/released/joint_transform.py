"""The released change from the 14 joints of the bottom-up network to the 17 of the top-down one.

Shapes: B poses.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn


@MODELS.register_module()
class ReleasedJointTransform(BaseModule):
    """A learnt scale and offset of each axis, then a linear layer over all joints.

    Args:
        in_keypoints: Joints before.
        out_keypoints: Joints after.
        init_cfg: Initialisation.
    """

    def __init__(self, in_keypoints: int = 14, out_keypoints: int = 17, init_cfg: OptConfigType = None) -> None:
        super().__init__(init_cfg)
        self.scale = nn.Parameter(torch.ones(3))
        self.offset = nn.Parameter(torch.zeros(3))
        self.joints = nn.Linear(3 * in_keypoints, 3 * out_keypoints)

    def forward(self, poses: Tensor) -> Tensor:
        """(B, 14, 3) to (B, 17, 3)."""
        return self.joints((poses * self.scale + self.offset).flatten(1)).unflatten(1, (-1, 3))
