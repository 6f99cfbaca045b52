"""The released bottom-up network: mmpose's HRNet and the released head.

Shapes: B images, H, W image size in pixels; maps are half as large.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor

from mmp3d.models.released.bottom_up_head import ReleasedBottomUpHead


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
        self.head = ReleasedBottomUpHead(channels)

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, 20, H, W) normalised RGB and 17 rendered maps, to (B, 42, H / 2, W / 2)."""
        return torch.cat(self.head.maps(self.backbone(inputs)), dim=1)
