"""Integration without learning: the baselines of the paper's Table 1.

Shapes: P people, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor

from mmp3d.geometry import MUPOTS17
from mmp3d.models.integration.pose_pairs import PosePairs


@MODELS.register_module()
class LinearIntegration(BaseModule):
    """Mean of both branches, joint by joint, weighted by confidence.

    Examples:
        >>> near, far = torch.zeros(1, 17, 3), torch.full((1, 17, 3), 100.0)
        >>> pairs = PosePairs(near, far, torch.full((1, 17), 0.75), torch.full((1, 17), 0.25))
        >>> LinearIntegration()(pairs)[0, 0].tolist()
        [25.0, 25.0, 25.0]
    """

    def forward(self, pairs: PosePairs) -> Tensor:
        """(P, K, 3) mm; NaN for joints that no branch has."""
        pairs = pairs.cleaned()
        known = (pairs.top_down_scores > 0) | (pairs.bottom_up_scores > 0)
        return torch.where(known[..., None], pairs.linear(), torch.nan)


@MODELS.register_module()
class HardIntegration(BaseModule):
    """Top-down pose at the bottom-up depth: the person is moved along the root's ray.

    A person whom one branch lacks, or whose root a branch lacks, stays as the other has them, top-down first.
    """

    def forward(self, pairs: PosePairs) -> Tensor:
        """(P, K, 3) mm; NaN for joints that the chosen branch lacks."""
        top_down, bottom_up, *scores = pairs.cleaned()
        root = MUPOTS17.root_index
        known = (scores[0] > 0, scores[1] > 0)
        origin, goal = top_down[:, root], bottom_up[:, root, 2:]
        movable = (known[0][:, root] & known[1][:, root] & (origin[:, 2] > 0))[:, None]
        shift = torch.where(movable, origin * (goal / origin[:, 2:].clamp(min=1e-3) - 1), 0)
        present = known[0].any(dim=1)[:, None]
        poses = torch.where(present[..., None], top_down + shift[:, None], bottom_up)
        chosen = torch.where(present, known[0].float(), known[1].float()) > 0
        return torch.where(chosen[..., None], poses, torch.nan)
