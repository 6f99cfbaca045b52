"""Loss of the joints' motion from frame to frame.

Shapes: B sequences, T frames, K joints.
"""

from __future__ import annotations

from mmpose.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class VelocityLoss(nn.Module):
    """Mean distance of the joints' steps between consecutive frames (MPJVE of Pavllo et al., CVPR 2019).

    Args:
        loss_weight: Factor of the loss.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """A scalar; 0 for sequences of one frame.

        Args:
            prediction: (B, T, K, 3) consecutive frames.
            target: (B, T, K, 3).
            valid: (B, T, K); 0 where the target is not known.
        """
        weights = valid[:, 1:] * valid[:, :-1]
        steps = (prediction - target).diff(dim=1).norm(dim=-1)
        return (steps * weights).sum() / weights.sum().clamp(min=1) * self.loss_weight
