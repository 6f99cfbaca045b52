"""Loss of whoever a discriminator judges."""

from __future__ import annotations

from mmpose.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class NaturalnessLoss(nn.Module):
    """-log C of estimated pairs of people: the adversary of :class:`DiscriminatorLoss` (paper, eq. 8).

    Eq. 8 as printed would have the networks make log(1 - C) small, whose slope vanishes where a pair looks unnatural;
    -log C has the same optimum and is steepest there (Goodfellow et al., 2014).

    Args:
        loss_weight: Factor of the loss.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, naturalness: Tensor) -> Tensor:
        """Scalar from (P,) probabilities of being real; 0 where there are none."""
        # In float32, also under autocast, as in DiscriminatorLoss.
        values = naturalness.float().clamp(1e-6, 1 - 1e-6)
        return -values.log().sum() / max(len(values), 1) * self.loss_weight
