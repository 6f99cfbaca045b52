"""What the two branches would say about people whose poses are known: training data of the integration network.

Shapes: P people, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mmp3d.geometry import MUPOTS17
from mmp3d.models.integration.pose_pairs import PosePairs
from mmp3d.synthetic.ranges import check_number, check_range

_ROOT = MUPOTS17.root_index
# Errors along the optical axis are larger than those across by this factor.
_ALONG = 2.0


@dataclass(frozen=True)
class BranchErrors:
    """Errors of both branches, and the paper's three augmentations on top (section 3.3).

    The top-down branch has good poses, but the depth of a person is the less sure the more of them is hidden; the
    bottom-up branch has depths that do not depend on it and noisier joints.

    Args:
        top_down_joint, bottom_up_joint: mm, standard deviation of a joint that is seen, across the optical axis.
        hidden_factor: How much larger it is for a hidden joint.
        top_down_depth: Standard deviation of the logarithm of the root depth, of a person who is seen whole and of one
            who is hidden whole.
        bottom_up_depth: The same of the bottom-up branch, for anybody.
        score_seen, score_hidden: Confidences, evenly within.
        mask: Share of joints that a branch misses, drawn evenly within for each person.
        shift_share: Share of joints that are somewhere else.
        shift: mm by which those are away.
        unpaired: Share of people whom one of the branches lacks.

    Raises:
        ValueError: A field is out of its range; names the field.
    """

    top_down_joint: float = 25.0
    bottom_up_joint: float = 45.0
    hidden_factor: float = 2.5
    top_down_depth: tuple[float, float] = (0.03, 0.2)
    bottom_up_depth: float = 0.04
    score_seen: tuple[float, float] = (0.6, 1.0)
    score_hidden: tuple[float, float] = (0.1, 0.6)
    mask: tuple[float, float] = (0.0, 0.3)
    shift_share: float = 0.05
    shift: tuple[float, float] = (50.0, 300.0)
    unpaired: float = 0.1

    def __post_init__(self) -> None:
        for name in ('top_down_joint', 'bottom_up_joint', 'hidden_factor'):
            check_number(name, getattr(self, name), 0, 1e4)
        for name in ('bottom_up_depth', 'shift_share', 'unpaired'):
            check_number(name, getattr(self, name), 0, 1)
        for name, most in (('top_down_depth', 1), ('score_seen', 1), ('score_hidden', 1), ('mask', 1), ('shift', 1e4)):
            check_range(name, getattr(self, name), 0, most)

    def simulate(self, poses: Tensor, hidden: Tensor, generator: torch.Generator | None = None) -> PosePairs:
        """What both branches say.

        Args:
            poses: (P, K, 3) mm.
            hidden: (P, K), 1 for joints that are hidden.
            generator: Source of randomness; None: PyTorch's own.
        """
        draw = _Draw(generator, poses)
        hidden = hidden.to(poses)
        low, high = self.top_down_depth
        spreads = low + (high - low) * hidden.mean(dim=1), torch.full_like(hidden[:, 0], self.bottom_up_depth)
        found, scores = [], []
        for joint, spread in zip((self.top_down_joint, self.bottom_up_joint), spreads, strict=True):
            found.append(self._found(draw, poses, joint * (1 + (self.hidden_factor - 1) * hidden), spread))
            scores.append(self._scores(draw, hidden))
        lacking, which = draw.uniform(len(poses)) < self.unpaired, draw.uniform(len(poses)) < 0.5
        scores[0] = scores[0] * ~(lacking & which)[:, None]
        scores[1] = scores[1] * ~(lacking & ~which)[:, None]
        return PosePairs(*found, *scores)

    def _found(self, draw: _Draw, poses: Tensor, joint: Tensor, depth_spread: Tensor) -> Tensor:
        """(P, K, 3) mm with joint errors (P, K), the root moved along its ray."""
        factor = (draw.normal(len(poses)) * depth_spread).exp()
        moved = poses + (poses[:, _ROOT] * (factor - 1)[:, None])[:, None]
        error = draw.normal(*poses.shape) * joint[..., None]
        error[..., 2] *= _ALONG
        away = torch.nn.functional.normalize(draw.normal(*poses.shape), dim=-1)
        length = draw.within(self.shift, *poses.shape[:2]) * (draw.uniform(*poses.shape[:2]) < self.shift_share)
        return moved + error + away * length[..., None]

    def _scores(self, draw: _Draw, hidden: Tensor) -> Tensor:
        """(P, K), 0 for joints that are missed."""
        count = hidden.shape[1]
        seen, unseen = draw.within(self.score_seen, *hidden.shape), draw.within(self.score_hidden, *hidden.shape)
        missed = draw.uniform(len(hidden), count) < draw.within(self.mask, len(hidden))[:, None]
        return torch.where(hidden > 0, unseen, seen) * ~missed


class _Draw:
    """Random numbers of a generator, on the device of a tensor and of its kind."""

    def __init__(self, generator: torch.Generator | None, like: Tensor) -> None:
        self._options = dict(generator=generator, device=like.device, dtype=like.dtype)

    def uniform(self, *shape: int) -> Tensor:
        return torch.rand(*shape, **self._options)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, **self._options)

    def within(self, ends: tuple[float, float], *shape: int) -> Tensor:
        return ends[0] + (ends[1] - ends[0]) * self.uniform(*shape)
