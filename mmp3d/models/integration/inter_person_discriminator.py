"""The inter-person discriminator (paper, section 3.3): do two people stand and move as people do?

Shapes: P pairs, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn

from mmp3d.geometry import MUPOTS17
from mmp3d.models.integration.integration_net import UNIT

_ROOT = MUPOTS17.root_index


@MODELS.register_module()
class InterPersonDiscriminator(BaseModule):
    """Naturalness of pairs of people (paper, eq. 9): D1 sees each pose about its root, D2 both in camera space.

    D2 sees a pair about the middle of its roots, and where that middle is. It is the mean over both orders of the two
    people, so that exchanging them changes no bit of the result.

    Args:
        pose_channels: Width of the hidden layers of D1.
        pair_channels: Width of the hidden layers of D2.
        init_cfg: Initialisation.
    """

    def __init__(self, pose_channels: int = 128, pair_channels: int = 256, init_cfg: OptConfigType = None) -> None:
        super().__init__(init_cfg)
        values = 3 * MUPOTS17.num_joints
        self.pose_layers = _layers(values, pose_channels)
        self.pair_layers = _layers(2 * values + 3, pair_channels)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """C of eq. 9, (P,) from 0 (not natural) to 1.

        Joints that are not finite count as at the root; of a person without a root nothing is seen.

        Args:
            first: (P, K, 3) mm.
            second: (P, K, 3) mm.
        """
        middle = (first[:, _ROOT] + second[:, _ROOT]) / 2
        alone = self._of_pose(first) + self._of_pose(second)
        # Two calls, not one on the stacked orders: the place of a row in a batch can change its last bits.
        together = self._of_pair(first, second, middle) + self._of_pair(second, first, middle)
        return 0.25 * alone + 0.25 * together

    def _of_pose(self, poses: Tensor) -> Tensor:
        """D1, (P,)."""
        return self.pose_layers(_about(poses, poses[:, _ROOT])).sigmoid()[:, 0]

    def _of_pair(self, first: Tensor, second: Tensor, middle: Tensor) -> Tensor:
        """D2 in one of the two orders, (P,)."""
        place = torch.where(middle.isfinite(), middle, 0) / (4 * UNIT)
        seen = torch.cat([_about(first, middle), _about(second, middle), place], dim=1)
        return self.pair_layers(seen).sigmoid()[:, 0]


def _layers(values: int, channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(values, channels),
        nn.GELU(),
        nn.Linear(channels, channels),
        nn.GELU(),
        nn.Linear(channels, channels),
        nn.GELU(),
        nn.Linear(channels, 1),
    )


def _about(poses: Tensor, origin: Tensor) -> Tensor:
    """(P, 3K) in the network's unit; joints that are not finite are at the person's root."""
    poses = torch.where(poses.isfinite().all(dim=-1, keepdim=True), poses, poses[:, _ROOT, None])
    relative = (poses - origin[:, None]) / UNIT
    return torch.where(relative.isfinite(), relative, 0).flatten(1)
