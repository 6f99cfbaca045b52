"""Pairs of people who belong together, and the same with one person where they would not be.

Shapes: B scenes, N people of a scene, P pairs, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmp3d.geometry import MUPOTS17

# What is done to one person of a pair.
CHANGES = ('displaced', 'turned')
_ROOT = MUPOTS17.root_index


def nearest_pairs(poses: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    """People each of whom is the other's nearest neighbour.

    Args:
        poses: (B, N, K, 3) mm.
        present: (B, N) bool.

    Returns:
        (P, 2, K, 3) mm, and (P,) the scene of each pair.
    """
    scenes, first, second = _mutual_nearest(poses[:, :, _ROOT], present)
    return torch.stack([poses[scenes, first], poses[scenes, second]], dim=1), scenes


def pairs_in_scenes(roots: Tensor, scenes: Tensor) -> Tensor:
    """The same of people in one list.

    Args:
        roots: (P, 3) mm; who has none (NaN) is in no pair.
        scenes: (P,) number of the scene that each person is in, in any order.

    Returns:
        (Q, 2) rows of the list.
    """
    order = scenes.argsort(stable=True)
    _, counts = scenes[order].unique_consecutive(return_counts=True)
    row = torch.repeat_interleave(torch.arange(len(counts), device=roots.device), counts)
    place = torch.arange(len(order), device=roots.device) - (counts.cumsum(0) - counts)[row]
    people = order.new_full((len(counts), int(counts.max()) if len(counts) else 0), -1)
    people[row, place] = order
    scene, first, second = _mutual_nearest(roots[people], people >= 0)
    return torch.stack([people[scene, first], people[scene, second]], dim=1)


def _mutual_nearest(roots: Tensor, present: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(P,) scene, place and place of the people of each pair, of roots (B, N, 3)."""
    if roots.shape[1] < 2:
        return (torch.zeros(0, dtype=torch.long, device=roots.device),) * 3
    present = present & roots.isfinite().all(dim=-1)
    distance = (roots[:, :, None] - roots[:, None]).norm(dim=-1)
    alone = torch.eye(roots.shape[1], dtype=torch.bool, device=roots.device)
    distance = distance.masked_fill(alone | ~(present[:, :, None] & present[:, None]), torch.inf)
    least, nearest = distance.min(dim=-1)
    own = torch.arange(roots.shape[1], device=roots.device)
    mutual = (nearest.gather(1, nearest) == own) & (own < nearest) & least.isfinite()
    scenes, first = mutual.nonzero(as_tuple=True)
    return scenes, first, nearest[scenes, first]


def unnatural_pairs(
    pairs: Tensor, down: Tensor, distance: tuple[float, float], generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """The pairs with one person, either of the two, displaced in any direction or turned by 90 degrees.

    Args:
        pairs: (P, 2, K, 3) mm.
        down: (P, 3) the vertical in the camera frame, length 1.
        distance: Least and greatest displacement, mm.
        generator: Source of randomness; None: PyTorch's own.

    Returns:
        (P, 2, K, 3) mm, and (P,) the index in ``CHANGES`` of what was done.
    """
    count = len(pairs)
    options = dict(generator=generator, device=pairs.device)
    person, change, side = torch.randint(2, (3, count), **options)
    rows = torch.arange(count, device=pairs.device)
    poses = pairs[rows, person]
    direction = torch.nn.functional.normalize(torch.randn(count, 3, **options), dim=1)
    length = distance[0] + (distance[1] - distance[0]) * torch.rand(count, 1, **options)
    displaced = poses + (direction * length)[:, None]
    changed = torch.where(change[:, None, None] == 0, displaced, _turned(poses, down, 2 * side - 1))
    pairs = pairs.clone()
    pairs[rows, person] = changed
    return pairs, change


def _turned(poses: Tensor, axis: Tensor, side: Tensor) -> Tensor:
    """Poses turned by 90 degrees about an axis (P, 3) through the root, one way (side 1) or the other (-1)."""
    root = poses[:, _ROOT, None]
    axis = axis[:, None].expand_as(poses)
    relative = poses - root
    along = (relative * axis).sum(dim=-1, keepdim=True) * axis
    return root + along + side[:, None, None] * torch.linalg.cross(axis, relative)
