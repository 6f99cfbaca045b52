"""The released bottom-up network: mmpose's HRNet, a learnt upsampling and four heads.

Shapes: B images, H, W image size in pixels; maps are half as large.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn

# TorchSUL's batch norm.
NORM_EPS = 2e-5
NUM_KEYPOINTS = 14


def conv_norm_act(in_channels: int, out_channels: int) -> nn.Sequential:
    """3x3 convolution, batch norm, PReLU with a slope for each channel."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels, eps=NORM_EPS),
        nn.PReLU(out_channels),
    )


@MODELS.register_module()
class ReleasedBottomUpNet(BaseModule):
    """Heat maps, tags and depths of all people, as the authors released it.

    Args:
        backbone: Config of the backbone; its first output is used.
        channels: Channels of the backbone's first output and of the heads.
        init_cfg: Initialisation.
    """

    def __init__(self, backbone: dict, channels: int = 32, init_cfg: OptConfigType = None) -> None:
        super().__init__(init_cfg)
        self.backbone = MODELS.build(backbone)
        self.upsample = nn.Sequential(
            conv_norm_act(channels, channels),
            nn.Conv2d(channels, 4 * channels, 3, padding=1, bias=False),
            nn.PReLU(4 * channels),
            nn.PixelShuffle(2),
            conv_norm_act(channels, channels),
        )
        # Heat maps, tags, the root's depth, depths of the other joints relative to it.
        self.heads = nn.ModuleList(
            nn.Sequential(conv_norm_act(channels, channels), nn.Conv2d(channels, maps, 1))
            for maps in (NUM_KEYPOINTS, NUM_KEYPOINTS, 1, NUM_KEYPOINTS - 1)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, 20, H, W) normalised RGB and 17 rendered maps, to (B, 42, H / 2, W / 2)."""
        features = self.upsample(self.backbone(inputs)[0])
        return torch.cat([head(features) for head in self.heads], dim=1)
