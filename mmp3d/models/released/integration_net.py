"""The released integration net.

Shapes: B people. Poses relative to the root, depths in metres.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn


@MODELS.register_module()
class ReleasedIntegrationNet(BaseModule):
    """Blends the top-down and the bottom-up result of a person by two learnt weights, without confidences.

    The depth's weight lies in -2..2, so that it can leave the range between the two depths.

    Args:
        num_keypoints: K.
        channels: Channels inside.
        init_cfg: Initialisation.
    """

    def __init__(self, num_keypoints: int = 17, channels: int = 512, init_cfg: OptConfigType = None) -> None:
        super().__init__(init_cfg)
        widths = (6 * num_keypoints + 2, channels, channels, channels)
        layers = [
            layer
            for before, after in zip(widths[:-1], widths[1:], strict=True)
            for layer in (nn.Linear(before, after), nn.GELU())
        ]
        self.layers = nn.Sequential(*layers, nn.Linear(channels, 2))

    def forward(self, poses: Tensor, depths: Tensor) -> tuple[Tensor, Tensor]:
        """Blend.

        Args:
            poses: (B, 2, 3, K) top-down and bottom-up pose.
            depths: (B, 2) top-down and bottom-up depth, m.

        Returns:
            (B, 3, K) pose and (B,) depth, m.
        """
        logits = self.layers(torch.cat([poses.flatten(1), depths], dim=1))
        of_pose = logits[:, 0].sigmoid()[:, None, None]
        of_depth = 2 * logits[:, 1].tanh()
        return (
            of_pose * poses[:, 0] + (1 - of_pose) * poses[:, 1],
            of_depth * depths[:, 0] + (1 - of_depth) * depths[:, 1],
        )
