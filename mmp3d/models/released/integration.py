"""The released integration as the last stage of the two branches.

Shapes: P people, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import ConfigType, OptConfigType
from torch import Tensor

from mmp3d.geometry import MUPOTS17
from mmp3d.models.integration.integration_net import UNIT
from mmp3d.models.integration.pose_pairs import PosePairs


@MODELS.register_module()
class ReleasedIntegration(BaseModule):
    """The bottom-up pose brought onto the top-down one by a similarity, and both blended by learnt weights.

    The release puts the result on the annotated ray; here the root stays on the top-down one. A person whom a branch
    lacks stays as the other has them.

    Args:
        blend: Config of :class:`ReleasedIntegrationNet`.
        init_cfg: Initialisation.
    """

    def __init__(self, blend: ConfigType, init_cfg: OptConfigType = None) -> None:
        super().__init__(init_cfg)
        self.blend = MODELS.build(blend)

    def forward(self, pairs: PosePairs) -> Tensor:
        """(P, K, 3) mm; NaN for joints that the only branch lacks."""
        top_down, bottom_up, *scores = pairs.cleaned()
        known = [of_branch > 0 for of_branch in scores]
        both = known[0].all(dim=1) & known[1].all(dim=1) & (top_down[:, MUPOTS17.root_index, 2] > 0)
        present = known[0].any(dim=1)[:, None]
        poses = torch.where(present[..., None], top_down, bottom_up)
        poses = torch.where(torch.where(present, *known)[..., None], poses, torch.nan)
        poses[both] = self._blended(top_down[both], bottom_up[both])
        return poses

    def _blended(self, top_down: Tensor, bottom_up: Tensor) -> Tensor:
        root = MUPOTS17.root_index
        origin = top_down[:, root]
        upper = (top_down - origin[:, None]) / UNIT
        both = torch.stack([upper, aligned(bottom_up / UNIT, upper)], dim=1)
        depths = torch.stack([origin[:, 2], bottom_up[:, root, 2]], dim=1) / UNIT
        pose, depth = self.blend(both.transpose(-1, -2), depths)
        pose = pose.transpose(-1, -2)
        pose = pose - pose[:, root, None]
        return UNIT * pose + (origin * (UNIT * depth / origin[:, 2])[:, None])[:, None]


def aligned(source: Tensor, target: Tensor) -> Tensor:
    """(P, K, 3) ``source`` moved, turned and scaled onto ``target`` in least squares, never mirrored."""
    mean, goal = source.mean(dim=1, keepdim=True), target.mean(dim=1, keepdim=True)
    source, target = source - mean, target - goal
    left, stretch, right = torch.linalg.svd(source.transpose(1, 2) @ target)
    sign = torch.ones_like(stretch)
    sign[:, 2] = torch.det(left @ right).sign()
    scale = (stretch * sign).sum(dim=1) / source.square().sum(dim=(1, 2)).clamp(min=1e-12)
    return scale[:, None, None] * source @ (left * sign[:, None]) @ right + goal
