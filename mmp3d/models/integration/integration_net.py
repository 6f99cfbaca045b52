"""The integration network (paper, section 3.3): two poses of a person and their confidences to one pose.

Shapes: P people, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn

from mmp3d.geometry import MUPOTS17
from mmp3d.models.integration.pose_pairs import PosePairs

# What the network sees and corrects by 1, mm.
UNIT = 1000.0


@MODELS.register_module()
class IntegrationNet(BaseModule):
    """Three fully connected layers; a person whom one branch lacks is a pair with scores 0.

    The network sees both poses about their common centre, so that a person is treated alike wherever they stand, and
    the depth of that centre. Its last layer starts at zero: untrained, ``'regress'`` is the mean by confidence, and
    ``'weigh'`` that of the poses about their roots, joint by joint, at the mean of the roots.

    Args:
        mode: ``'regress'`` (paper): the output is the pose, as a correction of the mean by confidence. ``'blend'``
            (the authors' release): the output is one weight for the poses about their roots (0 to 1) and one for
            the roots (-2 to 2, so it can extrapolate). ``'weigh'``: a weight (0 to 1) for each joint about the root,
            and one for the root. With the last two the pose of a single branch stays as it is.
        hidden_channels: Width of the two hidden layers.
        init_cfg: Initialisation.

    Raises:
        ValueError: Another mode.

    Examples:
        >>> poses = torch.randn(2, 17, 3) * 300 + torch.tensor([0.0, 0, 4000])
        >>> pairs = PosePairs(poses, poses + 50, torch.ones(2, 17), torch.ones(2, 17))
        >>> IntegrationNet(mode='regress')(pairs).shape
        torch.Size([2, 17, 3])
    """

    def __init__(self, mode: str = 'regress', hidden_channels: int = 512, init_cfg: OptConfigType = None) -> None:
        super().__init__(init_cfg)
        joints = len(MUPOTS17.joint_names)
        outputs = {'regress': 3 * joints, 'blend': 2, 'weigh': joints + 1}
        if mode not in outputs:
            raise ValueError(f'mode: expected one of {list(outputs)}, got {mode!r}')
        self.mode = mode
        self.layers = nn.Sequential(
            nn.Linear(8 * joints + 1, hidden_channels),
            nn.GELU(),
            nn.Linear(hidden_channels, hidden_channels),
            nn.GELU(),
            nn.Linear(hidden_channels, outputs[mode]),
        )
        nn.init.zeros_(self.layers[-1].weight)
        nn.init.zeros_(self.layers[-1].bias)

    def forward(self, pairs: PosePairs) -> Tensor:
        """(P, K, 3) mm; NaN is a person whom both branches lack, and of weighed poses each joint that both lack."""
        pairs = pairs.cleaned()
        anchor = pairs.linear()
        known = ((pairs.top_down_scores > 0) | (pairs.bottom_up_scores > 0)).to(anchor)[..., None]
        centre = (anchor * known).sum(dim=1, keepdim=True) / known.sum(dim=1, keepdim=True).clamp(min=1)
        output = self.layers(_features(pairs, centre))
        if self.mode == 'regress':
            # Joints that neither branch has start from the centre.
            poses = torch.where(known > 0, anchor, centre) + output.view_as(anchor) * UNIT
        elif self.mode == 'blend':
            poses = _weighed(pairs, output[:, :1].sigmoid(), 2 * output[:, 1:].tanh())
        else:
            confidence = _log_ratio(pairs)
            roots = output[:, -1:] + confidence[:, [MUPOTS17.root_index]]
            poses = _weighed(pairs, (output[:, :-1] + confidence).sigmoid(), roots.sigmoid())
        placed = known > 0 if self.mode != 'regress' else known.any(dim=1, keepdim=True)
        return torch.where(placed, poses, torch.nan)


def _features(pairs: PosePairs, centre: Tensor) -> Tensor:
    parts = [centre[:, 0, 2:] / (4 * UNIT) - 1]
    for poses, scores in zip(pairs[:2], pairs[2:], strict=True):
        parts += [((poses - centre) / UNIT * (scores > 0)[..., None]).flatten(1), scores]
    return torch.cat(parts, dim=1)


def _log_ratio(pairs: PosePairs) -> Tensor:
    """(P, K) logarithm of top-down over bottom-up confidence; its sigmoid is the weight of the mean by confidence."""
    return (pairs.top_down_scores.clamp(min=1e-3) / pairs.bottom_up_scores.clamp(min=1e-3)).log()


def _weighed(pairs: PosePairs, pose_weights: Tensor, root_weights: Tensor) -> Tensor:
    """Mean of the poses about their roots at the mean of the roots, with weights (P, K or 1) and (P, 1) of top-down.

    A joint that one branch alone has is that branch's. Where the branches have no root in common but other joints, the
    mean by confidence in camera space.
    """
    root = MUPOTS17.root_index
    known = [scores > 0 for scores in pairs[2:]]
    both = known[0] & known[1]
    alone = known[0].to(pose_weights)
    pose_weights = torch.where(both, pose_weights, alone)[..., None]
    root_weights = torch.where(both[:, [root]], root_weights, alone[:, [root]])
    roots = pairs.top_down[:, root], pairs.bottom_up[:, root]
    moved = (root_weights * roots[0] + (1 - root_weights) * roots[1])[:, None]
    first, second = (poses - place[:, None] for poses, place in zip(pairs[:2], roots, strict=True))
    # Without a root nothing can be placed about it, unless nothing else is there either.
    rooted = [own[:, root] | ~own.any(dim=1) for own in known]
    poses = moved + pose_weights * first + (1 - pose_weights) * second
    return torch.where((rooted[0] & rooted[1])[:, None, None], poses, pairs.linear())
