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
_PAIRS = ('hidden_factor', 'along', 'depth_pull', 'depth_middle', 'size_by_depth')


@dataclass(frozen=True)
class BranchErrors:
    """Errors of both branches, and the paper's three augmentations on top (section 3.3).

    Pairs of numbers below are of the top-down and of the bottom-up branch. The defaults are what
    ``benchmarks/branch_errors.py`` measured with the lifters before the shipped ones; what it measured with the shipped
    ones is in ``configs/integration_tiny_virtual.py``.

    Args:
        top_down_joint, bottom_up_joint: mm, standard deviation of a joint that is seen, across the optical axis.
        hidden_factor: How much larger it is for a hidden joint; a pair.
        along: How much larger it is along the optical axis; a pair.
        top_down_depth, bottom_up_depth: Standard deviation of the logarithm of the root depth, of a person who is seen
            whole and of one who is hidden whole.
        depth_common: Correlation of both branches' errors of the root depth: neither knows how tall a person is.
        depth_pull: Share by which a root depth is pulled towards ``depth_middle``, in its logarithm; a pair. Bodies of
            unknown size look nearer to the middle of those seen in training than they are.
        depth_middle: mm, greater than 0; a pair.
        size_by_depth: The pose grows with (found depth / true depth) to this power; a pair. 1 keeps its picture.
        score_seen, score_hidden: Confidences, evenly within.
        mask: Share of joints that a branch misses, drawn evenly within for each person.
        shift_share: Share of joints that are somewhere else.
        shift: mm by which those are away.
        unpaired: Share of people whom one of the branches lacks.

    Raises:
        ValueError: A field is out of its range; names the field.
    """

    top_down_joint: float = 50.0
    bottom_up_joint: float = 70.0
    hidden_factor: tuple[float, float] = (1.3, 1.7)
    along: tuple[float, float] = (1.85, 1.45)
    top_down_depth: tuple[float, float] = (0.11, 0.12)
    bottom_up_depth: tuple[float, float] = (0.06, 0.14)
    depth_common: float = 0.35
    depth_pull: tuple[float, float] = (0.06, 0.07)
    depth_middle: tuple[float, float] = (9000.0, 5800.0)
    size_by_depth: tuple[float, float] = (0.9, 0.6)
    score_seen: tuple[float, float] = (0.7, 1.0)
    score_hidden: tuple[float, float] = (0.2, 0.8)
    mask: tuple[float, float] = (0.0, 0.1)
    shift_share: float = 0.02
    shift: tuple[float, float] = (50.0, 300.0)
    unpaired: float = 0.17

    def __post_init__(self) -> None:
        for name in ('top_down_joint', 'bottom_up_joint'):
            check_number(name, getattr(self, name), 0, 1e5)
        for name in ('depth_common', 'shift_share', 'unpaired'):
            check_number(name, getattr(self, name), 0, 1)
        for name in _PAIRS:
            pair = getattr(self, name)
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise ValueError(f'{name}: expected a number for each branch, top-down first, got {pair!r}')
            for value in pair:
                check_number(name, value, 1e-3 if name == 'depth_middle' else 0, 1e5)
        for name in ('top_down_depth', 'bottom_up_depth', 'score_seen', 'score_hidden', 'mask'):
            check_range(name, getattr(self, name), 0, 1)
        check_range('shift', self.shift, 0, 1e4)

    def simulate(self, poses: Tensor, hidden: Tensor, generator: torch.Generator | None = None) -> PosePairs:
        """What both branches say.

        Args:
            poses: (P, K, 3) mm.
            hidden: (P, K), 1 for joints that are hidden.
            generator: Source of randomness; None: PyTorch's own.
        """
        draw = _Draw(generator, poses)
        hidden = hidden.to(poses)
        common = draw.normal(len(poses))
        found, scores = [], []
        for branch in range(2):
            unit = self.depth_common**0.5 * common + (1 - self.depth_common) ** 0.5 * draw.normal(len(poses))
            found.append(self._found(draw, poses, hidden, unit, branch))
            scores.append(self._scores(draw, hidden))
        return PosePairs(*found, *self._unpaired(draw, *scores))

    def augment(self, pairs: PosePairs, generator: torch.Generator | None = None) -> PosePairs:
        """The three augmentations on top of what the branches did say.

        Args:
            pairs: As measured; who is in one branch alone already stays there.
            generator: Source of randomness; None: PyTorch's own.
        """
        pairs = pairs.cleaned()
        draw = _Draw(generator, pairs.top_down)
        poses = [each + self._shifts(draw, each) for each in pairs[:2]]
        scores = [each * ~self._missed(draw, each) for each in pairs[2:]]
        return PosePairs(*poses, *self._unpaired(draw, *scores))

    def _found(self, draw: _Draw, poses: Tensor, hidden: Tensor, unit: Tensor, branch: int) -> Tensor:
        """(P, K, 3) mm of a branch, with depth errors of (P,) standard deviations."""
        joint = (self.top_down_joint, self.bottom_up_joint)[branch]
        error = draw.normal(*poses.shape) * (joint * (1 + (self.hidden_factor[branch] - 1) * hidden))[..., None]
        error[..., 2] *= self.along[branch]
        shifts = self._shifts(draw, poses)
        factor = self._depth_factor(poses, hidden, unit, branch)[:, None, None]
        root = poses[:, _ROOT, None]
        return root * factor + (poses - root) * factor ** self.size_by_depth[branch] + error + shifts

    def _shifts(self, draw: _Draw, poses: Tensor) -> Tensor:
        """(P, K, 3) mm by which joints are somewhere else."""
        away = torch.nn.functional.normalize(draw.normal(*poses.shape), dim=-1)
        length = draw.within(self.shift, *poses.shape[:2]) * (draw.uniform(*poses.shape[:2]) < self.shift_share)
        return away * length[..., None]

    def _depth_factor(self, poses: Tensor, hidden: Tensor, unit: Tensor, branch: int) -> Tensor:
        """(P,) found over true root depth."""
        seen, unseen = (self.top_down_depth, self.bottom_up_depth)[branch]
        spread = seen + (unseen - seen) * hidden.mean(dim=1)
        distance = (poses[:, _ROOT, 2].clamp(min=1) / self.depth_middle[branch]).log()
        return (unit * spread - self.depth_pull[branch] * distance).exp()

    def _scores(self, draw: _Draw, hidden: Tensor) -> Tensor:
        """(P, K), 0 for joints that are missed."""
        seen, unseen = draw.within(self.score_seen, *hidden.shape), draw.within(self.score_hidden, *hidden.shape)
        return torch.where(hidden > 0, unseen, seen) * ~self._missed(draw, hidden)

    def _missed(self, draw: _Draw, like: Tensor) -> Tensor:
        """(P, K) joints that a branch misses."""
        return draw.uniform(*like.shape) < draw.within(self.mask, len(like))[:, None]

    def _unpaired(self, draw: _Draw, top_down: Tensor, bottom_up: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (P, K) of both branches, one of which loses some of the people whom both have."""
        lacking, which = draw.uniform(len(top_down)) < self.unpaired, draw.uniform(len(top_down)) < 0.5
        lacking &= (top_down > 0).any(dim=1) & (bottom_up > 0).any(dim=1)
        return top_down * ~(lacking & which)[:, None], bottom_up * ~(lacking & ~which)[:, None]


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
