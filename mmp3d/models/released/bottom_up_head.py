"""The head of the released bottom-up network: a learnt upsampling and four branches.

Shapes: B images, K = 14 joints of the release, H, W size of the input in pixels, C channels; maps are half as large.
"""

from __future__ import annotations

import torch.nn.functional as F
from mmengine.model import BaseModule
from mmengine.structures import InstanceData
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn

from mmp3d.models.heads.bottom_up_depth_head import BottomUpMaps, decoded_images

# TorchSUL's batch norm.
NORM_EPS = 2e-5
# Pelvis; right and left hip, knee and ankle; neck; shoulder, elbow and wrist of either side.
NUM_KEYPOINTS = 14
FLIP_INDICES = (0, 4, 5, 6, 1, 2, 3, 7, 11, 12, 13, 8, 9, 10)


def conv_norm_act(in_channels: int, out_channels: int) -> nn.Sequential:
    """3x3 convolution, batch norm, PReLU with a slope for each channel."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels, eps=NORM_EPS),
        nn.PReLU(out_channels),
    )


@MODELS.register_module()
class ReleasedBottomUpHead(BaseModule):
    """Heat maps, tags and depths of all people, as the authors released them.

    Args:
        channels: Channels of the backbone's first output and of the branches.
        map_scale: Enlargement of the maps before people are read from them; 2 is the release's, and the size of the
            input.
        decoder: Config of the ``AssociativeEmbeddingDepth`` codec, whose stride fits ``map_scale``; None: maps alone.
        init_cfg: Initialisation.
    """

    num_keypoints, flip_indices, refiner = NUM_KEYPOINTS, FLIP_INDICES, None

    def __init__(
        self,
        channels: int = 32,
        map_scale: int = 1,
        decoder: OptConfigType = None,
        init_cfg: OptConfigType = None,
    ) -> None:
        super().__init__(init_cfg)
        self.map_scale = map_scale
        self.codec = None if decoder is None else KEYPOINT_CODECS.build(decoder)
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

    def forward(self, feats: tuple[Tensor, ...], person_heatmaps: Tensor | None = None) -> BottomUpMaps:
        """Maps from the backbone's first output (B, C, H / 4, W / 4); the input heatmaps are not added."""
        heat, tags, root, relative = (self._enlarged(maps) for maps in self.maps(feats))
        # The root has no depth relative to itself.
        return BottomUpMaps(heat, tags[:, :, None], F.pad(relative, (0, 0, 0, 0, 1, 0)), root)

    def tag_maps(self, feats: tuple[Tensor, ...], person_heatmaps: Tensor | None = None) -> Tensor:
        """(B, K, 1, h, w) the tags of :meth:`forward`, without the other maps."""
        return self._enlarged(self.heads[1](self.upsample(feats[0])))[:, :, None]

    def maps(self, feats: tuple[Tensor, ...]) -> list[Tensor]:
        """(B, maps, H / 2, W / 2) of each branch."""
        features = self.upsample(feats[0])
        return [head(features) for head in self.heads]

    def predict(self, maps: BottomUpMaps) -> list[InstanceData]:
        """People of each image; see ``AssociativeEmbeddingDepth.decode``."""
        return decoded_images(self.codec, maps)

    measure = predict

    def _enlarged(self, maps: Tensor) -> Tensor:
        if self.map_scale == 1:
            return maps
        return F.interpolate(maps, scale_factor=self.map_scale, mode='bilinear', align_corners=False)
