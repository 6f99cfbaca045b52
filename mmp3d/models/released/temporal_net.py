"""The released temporal nets of pose and root depth.

Shapes: B windows of F frames, T frames of a track, C inputs a frame, O outputs.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn
from torch.nn.functional import pad

from mmp3d.models.released.bottom_up_head import NORM_EPS

# Windows of a track in memory at a time.
WINDOWS = 64


def conv_norm_act(in_channels: int, out_channels: int, kernel_size: int) -> nn.Sequential:
    """Convolution over as many frames as it then steps on, batch norm, PReLU with a slope for each channel."""
    return nn.Sequential(
        nn.Conv1d(in_channels, out_channels, kernel_size, stride=kernel_size, bias=False),
        nn.BatchNorm1d(out_channels, eps=NORM_EPS),
        nn.PReLU(out_channels),
    )


@MODELS.register_module()
class ReleasedTemporalNet(BaseModule):
    """Temporal network with PReLU, which mmpose's TCN cannot express; every level steps over three frames.

    Args:
        in_channels: C: 51 of a 3D pose, 34 of a 2D pose.
        out_channels: O: 51 of a 3D pose, 1 of a depth.
        channels: Channels inside.
        num_blocks: Residual blocks; a window has 3 ** (num_blocks + 1) frames.
        init_cfg: Initialisation.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        channels: int = 1024,
        num_blocks: int = 4,
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(init_cfg)
        self.window = 3 ** (num_blocks + 1)
        self.embedding = conv_norm_act(in_channels, channels, 3)
        self.blocks = nn.ModuleList(
            nn.Sequential(conv_norm_act(channels, channels, 3), conv_norm_act(channels, channels, 1))
            for _ in range(num_blocks)
        )
        self.output = nn.Conv1d(channels, out_channels, 1)

    def forward(self, windows: Tensor) -> Tensor:
        """(B, F, C) to (B, O) of the frame in the middle.

        Raises:
            ValueError: F is not the network's window.
        """
        if windows.shape[1] != self.window:
            raise ValueError(f'ReleasedTemporalNet: windows of {windows.shape[1]} frames, expected {self.window}')
        x = self.embedding(windows.transpose(1, 2))
        for block in self.blocks:
            x = x[:, :, 1::3] + block(x)
        return self.output(x)[..., 0]

    def track(self, frames: Tensor) -> Tensor:
        """(T, C) of a track to (T, O); the first and last frame are repeated beyond its ends, as the release does."""
        if not len(frames):
            return frames.new_zeros(0, self.output.out_channels)
        half = self.window // 2
        padded = pad(frames.T[None], (half, half), mode='replicate')[0]
        windows = padded.unfold(1, self.window, 1).permute(1, 2, 0)
        return torch.cat([self(part) for part in windows.split(WINDOWS)])
