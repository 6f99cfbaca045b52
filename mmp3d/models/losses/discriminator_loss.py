"""Loss of a discriminator whose output is a probability."""

from __future__ import annotations

from mmpose.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class DiscriminatorLoss(nn.Module):
    """Cross-entropy of real against fake (paper, eq. 8, as a loss to be made small).

    Args:
        label_smoothing: The label of what is real is 1 less this; keeps the discriminator from growing too sure.
        loss_weight: Factor of the loss.

    Raises:
        ValueError: ``label_smoothing`` is not from 0 to below 0.5.
    """

    def __init__(self, label_smoothing: float = 0.1, loss_weight: float = 1.0) -> None:
        super().__init__()
        if not 0 <= label_smoothing < 0.5:
            raise ValueError(f'label_smoothing: expected 0 or more and less than 0.5, got {label_smoothing!r}')
        self.label_smoothing, self.loss_weight = label_smoothing, loss_weight

    def forward(self, real: Tensor, fake: Tensor) -> Tensor:
        """Scalar from (P,) and (Q,) probabilities of being real; 0 where there are none."""
        # In float32, also under autocast: a bfloat16 next to 1 has no logarithm of 1 less it.
        real, fake = (values.float().clamp(1e-6, 1 - 1e-6) for values in (real, fake))
        label = 1 - self.label_smoothing
        of_real = -(label * real.log() + (1 - label) * (1 - real).log())
        of_fake = -(1 - fake).log()
        return sum(each.sum() / max(len(each), 1) for each in (of_real, of_fake)) * self.loss_weight
