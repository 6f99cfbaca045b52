"""Both branches' poses of the same people, one of which may be missing.

Shapes: P people, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class PosePairs(NamedTuple):
    """``top_down`` and ``bottom_up`` (P, K, 3) mm, their scores (P, K); a branch that lacks a person has scores 0.

    Points whose score is 0 may hold anything, NaN too.
    """

    top_down: Tensor
    bottom_up: Tensor
    top_down_scores: Tensor
    bottom_up_scores: Tensor

    def cleaned(self) -> PosePairs:
        """The same with 0 for points and scores of joints that are not finite or not found, scores within 0 to 1."""
        poses, scores = zip(
            _cleaned(self.top_down, self.top_down_scores),
            _cleaned(self.bottom_up, self.bottom_up_scores),
            strict=True,
        )
        return PosePairs(*poses, *scores)

    def linear(self) -> Tensor:
        """(P, K, 3) mean of both, by confidence; 0 where no branch has the joint. For cleaned pairs."""
        weights = torch.stack([self.top_down_scores, self.bottom_up_scores])[..., None]
        poses = torch.stack([self.top_down, self.bottom_up])
        return (poses * weights).sum(dim=0) / weights.sum(dim=0).clamp(min=1e-6)


def _cleaned(poses: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    found = poses.isfinite().all(dim=-1) & (scores > 0)
    return torch.where(found[..., None], poses, 0), torch.where(found, scores.clamp(max=1), 0)
