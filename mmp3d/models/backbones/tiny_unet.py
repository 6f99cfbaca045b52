"""A small U-shaped backbone that a laptop's processor trains in an hour.

Shapes: B images, C channels, H W cells of the folded input.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn

NORM = dict(type='BN')


class _ResidualBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = ConvModule(width, width, 3, padding=1, norm_cfg=NORM)
        self.second = ConvModule(width, width, 3, padding=1, norm_cfg=NORM, act_cfg=None)

    def forward(self, features: Tensor) -> Tensor:
        return F.relu(features + self.second(self.first(features)), inplace=True)


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*[_ResidualBlock(width) for _ in range(count)])


def _places(inputs: Tensor) -> Tensor:
    batch, _, height, width = inputs.shape
    rows, columns = (torch.linspace(-1, 1, side, device=inputs.device, dtype=inputs.dtype) for side in (height, width))
    grid = torch.stack(torch.meshgrid(columns, rows, indexing='xy'))
    return grid.expand(batch, -1, -1, -1)


@MODELS.register_module()
class TinyUNet(BaseModule):
    """Encoder and decoder with skip connections, without a stem.

    It takes the image folded into patches (the estimator's ``patch_size``): on a CPU a convolution at full resolution
    costs more than all the rest. Two channels with the place in the image, -1..1, are added to the input: tags and
    depths depend on it, and a small network is slow to find it out from the borders.

    Args:
        in_channels: Channels of the input: 3 * patch_size ** 2, and K with input heatmaps.
        widths: Channels at 1, 1/2, 1/4, ... of the input's resolution.
        encoder_blocks: Residual blocks at each of these levels on the way down.
        decoder_blocks: Residual blocks at each level but the last on the way up.
        init_cfg: Initialisation; by default Kaiming for convolutions.

    Raises:
        ValueError: The three lists do not fit each other.
    """

    def __init__(
        self,
        in_channels: int = 3,
        widths: Sequence[int] = (32, 64, 128, 192),
        encoder_blocks: Sequence[int] = (1, 1, 2, 2),
        decoder_blocks: Sequence[int] = (1, 1, 1),
        init_cfg: OptConfigType = None,
    ) -> None:
        init_cfg = init_cfg or [
            dict(type='Kaiming', layer='Conv2d'),
            dict(type='Constant', layer='BatchNorm2d', val=1),
        ]
        super().__init__(init_cfg)
        if not len(widths) == len(encoder_blocks) == len(decoder_blocks) + 1:
            raise ValueError(
                'TinyUNet needs as many encoder_blocks as widths and one decoder_blocks fewer, got '
                f'{tuple(widths)}, {tuple(encoder_blocks)}, {tuple(decoder_blocks)}'
            )
        self.stem = ConvModule(in_channels + 2, widths[0], 1, norm_cfg=NORM)
        # The first step down reads the input itself: few channels at full resolution are cheap, but as the only way
        # in they would be a bottle-neck.
        self.downs = nn.ModuleList(
            ConvModule(fine, coarse, 3, stride=2, padding=1, norm_cfg=NORM)
            for fine, coarse in pairwise([in_channels + 2, *widths[1:]])
        )
        self.encoder = nn.ModuleList(_blocks(width, count) for width, count in zip(widths, encoder_blocks, strict=True))
        self.ups = nn.ModuleList(
            ConvModule(coarse, fine, 1, norm_cfg=NORM, act_cfg=None) for fine, coarse in pairwise(widths)
        )
        self.decoder = nn.ModuleList(
            _blocks(width, count) for width, count in zip(widths[:-1], decoder_blocks, strict=True)
        )

    def forward(self, inputs: Tensor) -> tuple[Tensor]:
        """Features at the resolution of the input.

        Args:
            inputs: (B, in_channels, H, W); any size.

        Returns:
            One (B, widths[0], H, W) map, in a tuple as mmpose's backbones return it.
        """
        features = torch.cat([inputs, _places(inputs)], dim=1)
        skips = [self.encoder[0](self.stem(features))]
        for down, blocks in zip(self.downs, self.encoder[1:], strict=True):
            features = blocks(down(features))
            skips.append(features)
        features = skips.pop()
        for level in reversed(range(len(skips))):
            coarse = F.interpolate(self.ups[level](features), size=skips[level].shape[-2:], mode='nearest')
            features = self.decoder[level](F.relu(skips[level] + coarse))
        return (features,)
