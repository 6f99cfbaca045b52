"""How far lifted clips can be trusted without 3D ground truth (paper, section 3.4).

Shapes: B clips of one person each, T frames, K joints. Rays are K^-1 times pixels; camera frame, millimetres.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from mmengine.logging import MessageHub
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmp3d.geometry import MUPOTS17
from mmp3d.models.lifters.placement import NEAREST
from mmp3d.models.lifters.pose_features import SMALLEST_SIZE, centre_and_size, found_rays

ORDERS = {'easy_first': -1.0, 'hard_first': 1.0}
# Clips as (B, T, K, 2) rays and (B, T, K) scores to (B, T, K, 3) mm.
Lifter = Callable[[Tensor, Tensor], Tensor]
_ROOT = MUPOTS17.root_index
# mm; a pose smaller than this is divided by it.
_SMALLEST_SPREAD = 50.0


def reprojection_error(poses: Tensor, rays: Tensor, scores: Tensor) -> Tensor:
    """E_rep, (B,): mean distance of projected from found joints by confidence, as a share of the person's size.

    Args:
        poses: (B, T, K, 3) mm.
        rays: (B, T, K, 2); entries with a score of 0 may hold anything.
        scores: (B, T, K); a clip in which all are 0 has no error, 0.
    """
    rays, scores = found_rays(rays, scores)
    _, sizes = centre_and_size(rays, (scores > 0).to(rays), SMALLEST_SIZE)
    projected = poses[..., :2] / poses[..., 2:].clamp(min=NEAREST)
    # Not a norm: its slope at 0 is not defined, and the root is on its ray exactly.
    distance = ((projected - rays).square().sum(dim=-1) + 1e-12).sqrt() / sizes[..., None]
    return (distance * scores).sum(dim=(1, 2)) / scores.sum(dim=(1, 2)).clamp(min=1e-6)


def multi_perspective_error(poses: Tensor, lifter: Lifter, angles: Tensor) -> Tensor:
    """E_mp, (B,): how much a pose changes when it is turned, projected, lifted and turned back, as a share of its size.

    Clips are turned as a whole about the camera's vertical through the middle of their roots, and moved away where they
    would come too near.

    Args:
        poses: (B, T, K, 3) mm.
        lifter: See ``Lifter``.
        angles: (B,) rad.
    """
    roots = poses[:, :, _ROOT]
    middle = roots.mean(dim=1)[:, None, None]
    turned = rotated(poses - middle, angles) + middle
    missing = (NEAREST - turned[..., 2].flatten(1).min(dim=1).values).clamp(min=0).detach()
    turned = turned + torch.stack([torch.zeros_like(missing)] * 2 + [missing], dim=-1)[:, None, None]
    seen = turned[..., :2] / turned[..., 2:].clamp(min=NEAREST)
    lifted = lifter(seen, torch.ones_like(seen[..., 0]))
    relative = poses - roots[:, :, None]
    back = rotated(lifted - lifted[:, :, _ROOT, None], -angles)
    spread = relative.detach().square().sum(dim=-1).mean(dim=-1).sqrt().clamp(min=_SMALLEST_SPREAD)
    distance = ((back - relative).square().sum(dim=-1) + 1e-6).sqrt().mean(dim=-1)
    return (distance / spread).mean(dim=1)


def rotated(points: Tensor, angles: Tensor) -> Tensor:
    """(B, ..., 3) points turned about the camera's vertical by (B,) rad."""
    shape = (len(angles), *(1,) * (points.ndim - 2))
    cos, sin = angles.cos().view(shape), angles.sin().view(shape)
    x, y, z = points.unbind(dim=-1)
    return torch.stack([cos * x + sin * z, y, cos * z - sin * x], dim=-1)


@MODELS.register_module()
class SemiSupervisedLoss(nn.Module):
    """Eq. 10 without the discriminator, and the distance to pseudo-labels: w (E_rep + E_mp + E_pseudo).

    Eq. 11 weighs the clips of a batch: w = softmax(-E_rep / r) + softmax(-E_mp / r) in epoch r, so that the weights of
    a batch sum to 2. The paper's text says that easy samples come first, which is this form; the equation as printed
    has no minus and puts hard ones first. With r both become even.

    Args:
        reprojection_weight, perspective_weight: Factors of E_rep and E_mp; the paper's is 1.
        pseudo_weight: Factor of the distance to the pseudo-labels' poses about the root, in sizes of the pose. The
            paper's eq. 10 has no such term: 0 leaves it out.
        order: ``'easy_first'`` (text) or ``'hard_first'`` (print).
        unit: The error that counts as 1 in eq. 11, as a share of the person's size; the paper does not say which unit.
        angle: Greatest turn of E_mp, degrees.
        fixed_source: The pose that E_mp turns is taken as it is, and the student learns to find it in the turned view,
            where 2D and 3D fit each other exactly. False: the pose, too, is drawn to what is found there. The paper
            does not say which.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        reprojection_weight: float = 1.0,
        perspective_weight: float = 1.0,
        pseudo_weight: float = 1.0,
        order: str = 'easy_first',
        unit: float = 0.1,
        angle: float = 180.0,
        fixed_source: bool = True,
    ) -> None:
        super().__init__()
        weights = (reprojection_weight, perspective_weight, pseudo_weight)
        if min(weights) < 0 or order not in ORDERS or not unit > 0 or not 0 < angle <= 180:
            raise ValueError(
                f'expected weights of 0 or more, order one of {tuple(ORDERS)}, unit > 0, angle up to 180 degrees; got '
                f'{weights}, {order!r}, {unit!r} and {angle!r}'
            )
        self.weights, self.order, self.unit, self.angle = weights, order, unit, math.radians(angle)
        self.fixed_source = fixed_source

    def forward(
        self,
        poses: Tensor,
        rays: Tensor,
        scores: Tensor,
        lifter: Lifter,
        labels: Tensor,
        labelled: Tensor,
        generator: torch.Generator | None = None,
    ) -> dict[str, Tensor]:
        """The terms by name, scalars.

        Args:
            poses: (B, T, K, 3) mm of the student.
            rays: (B, T, K, 2) as found.
            scores: (B, T, K) as found; clips in which all are 0 do not count.
            lifter: The student.
            labels: (B, T, K, 3) mm of the teacher.
            labelled: (B, T, K), 0 where there is no label.
            generator: Source of the turns; None: PyTorch's own.
        """
        angles = (torch.rand(len(poses), generator=generator, device=poses.device) * 2 - 1) * self.angle
        reprojection = reprojection_error(poses, rays, scores)
        perspective = torch.zeros_like(reprojection)
        if self.weights[1]:
            perspective = multi_perspective_error(poses.detach() if self.fixed_source else poses, lifter, angles)
        present = (scores > 0).flatten(1).any(dim=1)
        share = self.sample_weights(reprojection, perspective, present)
        errors = (reprojection, perspective, label_error(poses, labels, labelled))
        names = ('loss_reprojection', 'loss_multi_perspective', 'loss_pseudo')
        return {
            name: (share * torch.where(present, error, 0)).sum() * weight
            for name, error, weight in zip(names, errors, self.weights, strict=True)
            if weight
        }

    @torch.no_grad()
    def sample_weights(self, reprojection: Tensor, perspective: Tensor, present: Tensor) -> Tensor:
        """Eq. 11, (B,); 0 for clips that are not present."""
        epoch = (MessageHub.get_current_instance().get_info('epoch') or 0) + 1
        total = torch.zeros_like(reprojection)
        for errors in (reprojection, perspective):
            logits = ORDERS[self.order] * errors / self.unit / epoch
            # As many zeros as there are clips, where none is present, would be NaN.
            total = total + logits.masked_fill(~present, -1e9).softmax(dim=0) * present
        return total


def label_error(poses: Tensor, labels: Tensor, labelled: Tensor) -> Tensor:
    """(B,) mean distance of (B, T, K, 3) mm poses about their roots to labels, as a share of the label's size."""
    known = (labelled > 0) & (labelled[..., _ROOT, None] > 0)
    target = torch.where(known[..., None], labels - labels[..., _ROOT, None, :], 0)
    known = known.to(poses)
    relative = poses - poses[..., _ROOT, None, :]
    count = known.sum(dim=-1).clamp(min=1)
    spread = ((target.square().sum(dim=-1) * known).sum(dim=-1) / count).sqrt().clamp(min=_SMALLEST_SPREAD)
    distance = ((relative - target).square().sum(dim=-1) + 1e-6).sqrt() * known / spread[..., None]
    return distance.sum(dim=(1, 2)) / known.sum(dim=(1, 2)).clamp(min=1)
