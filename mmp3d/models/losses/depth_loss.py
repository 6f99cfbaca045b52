"""Depth loss at the joints."""

from __future__ import annotations

from mmpose.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class DepthLoss(nn.Module):
    """Mean error of depths where a depth exists (paper, eq. 2).

    Args:
        loss_weight: Factor of the loss.
        norm: ``'l2'`` (eq. 2) or ``'l1'``, which a few wrong labels move less.

    Raises:
        ValueError: ``norm`` is another.
    """

    def __init__(self, loss_weight: float = 1.0, norm: str = 'l2') -> None:
        super().__init__()
        if norm not in ('l1', 'l2'):
            raise ValueError(f"norm must be 'l1' or 'l2', got {norm!r}")
        self.loss_weight = loss_weight
        self.norm = norm

    def forward(self, prediction: Tensor, target: Tensor, weights: Tensor) -> Tensor:
        """Weighted mean error, a scalar; 0 (with a gradient of 0) where all weights are 0.

        Args:
            prediction: (...) network units.
            target: (...) network units.
            weights: (...); 0 where no depth, no label or no visibility exists.
        """
        error = (prediction.float() - target).abs()
        if self.norm == 'l2':
            error = error**2
        return (error * weights).sum() / weights.sum().clamp(min=1e-6) * self.loss_weight
