"""Loss of the lengths of a pose's bones.

Shapes: ``...`` any leading dimensions, K joints.
"""

from __future__ import annotations

from mmpose.registry import MODELS
from torch import Tensor, nn

from mmp3d.geometry import SKELETONS


@MODELS.register_module()
class BoneLengthLoss(nn.Module):
    """Mean absolute error of every bone's length in every pose.

    mmpose's ``BoneLoss`` compares the mean lengths of a batch instead, which bodies of several sizes fulfil together.

    Args:
        loss_weight: Factor of the loss.
        joint_set: Name of the joint set.

    Raises:
        ValueError: ``joint_set`` is not known.
    """

    def __init__(self, loss_weight: float = 1.0, joint_set: str = 'mupots17') -> None:
        super().__init__()
        if joint_set not in SKELETONS:
            raise ValueError(f'BoneLengthLoss: joint_set must be one of {sorted(SKELETONS)}, got {joint_set!r}')
        self.loss_weight = loss_weight
        self.ends = tuple(map(list, zip(*SKELETONS[joint_set].bones, strict=True)))

    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """A scalar; 0 where no bone has two valid ends.

        Args:
            prediction: (..., K, 3).
            target: (..., K, 3).
            valid: (..., K); 0 where the target is not known.
        """
        child, parent = self.ends
        weights = valid[..., child] * valid[..., parent]
        predicted, wanted = (
            (poses[..., child, :] - poses[..., parent, :]).norm(dim=-1) for poses in (prediction, target)
        )
        return ((predicted - wanted).abs() * weights).sum() / weights.sum().clamp(min=1) * self.loss_weight
