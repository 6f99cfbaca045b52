"""Associative-embedding loss for a whole batch at once.

Shapes: B images, N people (padded), K joints, L tag dimensions.
"""

from __future__ import annotations

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class BatchedAssociativeEmbeddingLoss(nn.Module):
    """Pull a person's tags to their mean, push the means of two people apart (Newell et al., 2017).

    The same numbers as mmpose's ``AssociativeEmbeddingLoss`` averaged over the images of the batch, from one gather
    instead of a loop over images, people and joints.

    Args:
        loss_weight: Factor of both terms.
        push_loss_factor: Additional factor of the push term.
    """

    def __init__(self, loss_weight: float = 1.0, push_loss_factor: float = 0.5) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.push_loss_factor = push_loss_factor

    def forward(self, tags: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Loss of tags that were read at the joints.

        Args:
            tags: (B, N, K, L).
            weights: (B, N, K); 0 where a person has no such joint. Rows of zeros pad N.

        Returns:
            Pull and push loss, scalars; zero where nobody is.
        """
        tags = tags.float()
        weights = (weights > 0).to(tags)
        counts = weights.sum(dim=2)
        person = (counts > 0).to(tags)
        people = person.sum(dim=1)
        means = (tags * weights[..., None]).sum(dim=2) / counts.clamp(min=1)[..., None]
        spread = ((tags - means[:, :, None]) ** 2).mean(dim=-1) * weights
        pull = (spread.sum(dim=2) / counts.clamp(min=1)).sum(dim=1) / people.clamp(min=1)
        pairs = torch.exp(-((means[:, :, None] - means[:, None]) ** 2)).sum(dim=-1)
        pairs = (pairs * person[:, :, None] * person[:, None]).sum(dim=(1, 2)) * (people > 1)
        push = pairs / ((people - 1) * people).clamp(min=1)
        return pull.mean() * self.loss_weight, push.mean() * self.loss_weight * self.push_loss_factor
