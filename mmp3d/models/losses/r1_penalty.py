"""Keeps a discriminator from growing steep around what is real."""

from __future__ import annotations

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class R1Penalty(nn.Module):
    """Half the mean squared slope of a discriminator's logit at real pairs (Mescheder et al., ICML 2018).

    Args:
        loss_weight: Factor of the loss; the slope is per metre.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, discriminator: nn.Module, pairs: Tensor) -> Tensor:
        """Scalar; 0 where there are no pairs.

        Args:
            discriminator: Two (P, K, 3) mm to (P,) probabilities.
            pairs: (P, 2, K, 3) mm; joints that are NaN have no slope.
        """
        # The square of a slope leaves half precision's range.
        with torch.autocast(pairs.device.type, enabled=False):
            known = pairs.isfinite()
            metres = (torch.where(known, pairs, 0) / 1000).float().requires_grad_()
            seen = torch.where(known, metres * 1000, torch.nan)
            logits = torch.logit(discriminator(*seen.unbind(1)), eps=1e-6)
            (slope,) = torch.autograd.grad(logits.sum(), metres, create_graph=True)
            return 0.5 * slope.square().sum() / max(len(pairs), 1) * self.loss_weight
