"""Loss of poses that were made of what two branches say.

Shapes: P people, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmp3d.geometry import MUPOTS17

UNIT = 1000.0


@MODELS.register_module()
class IntegrationLoss(nn.Module):
    """How far poses are from the true ones, in camera space and about their roots.

    How tall somebody is cannot be seen, so an error of depth moves all joints of a person by the same, much more than
    they are off about the root: eq. 7 hardly sees the pose itself. ``relative_weight`` does.

    Args:
        squared: Mean squared distance in square metres (paper, eq. 7); False: mean distance in metres, in which the
            few people whose depth is far off do not outweigh the others.
        absolute_weight: Factor of the loss in camera space.
        relative_weight: Factor of that about the root; people whose root is not known do not count in it.
    """

    def __init__(self, squared: bool = True, absolute_weight: float = 1.0, relative_weight: float = 0.0) -> None:
        super().__init__()
        self.squared, self.absolute_weight, self.relative_weight = squared, absolute_weight, relative_weight

    def forward(self, poses: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """A scalar; 0 without people.

        Args:
            poses: (P, K, 3) mm; joints that are NaN do not count.
            target: (P, K, 3) mm.
            valid: (P, K), 0 for joints that the target does not have.
        """
        known = (valid > 0) & poses.isfinite().all(dim=-1)
        # Chosen before the difference: the gradient of what is NaN would be NaN, whatever it is multiplied with.
        difference = torch.where(known[..., None], poses - target, 0) / UNIT
        root = MUPOTS17.root_index
        about = known & known[:, [root]]
        loss = self.absolute_weight * self._mean(difference, known)
        return loss + self.relative_weight * self._mean(difference - difference[:, [root]], about)

    def _mean(self, difference: Tensor, known: Tensor) -> Tensor:
        squares = torch.where(known, (difference**2).sum(dim=-1), 0)
        # The slope of a root at 0 is infinite.
        values = squares if self.squared else torch.where(known, (squares + 1e-8).sqrt(), 0)
        return values.sum() / known.sum().clamp(min=1)
