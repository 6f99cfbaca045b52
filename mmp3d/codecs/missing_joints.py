"""People's missing joints: where the heat is high and the tag near to the person's mean tag.

Shapes: N people, K joints, L tag dimensions, H W map cells, P missing joints of everybody, B blocks of ``BLOCK`` cells.
A flat cell is i * W + j.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mmp3d.codecs.high_cells import cells_above, padded_cells
from mmp3d.geometry.grouping import MISSING

# Heights from which a search among the higher cells begins anew with more of them.
LEVELS = (0.03, 0.003)
# Cells that are left out at once when none of them can be the best.
BLOCK = 32
# Distances of tags in memory at a time.
MOST_DISTANCES = 2**22


class _Missing(NamedTuple):
    """The missing joints: (P,) person and joint of each, and its person's mean tag (L, P)."""

    people: Tensor
    joints: Tensor
    tags: Tensor

    def at(self, index: Tensor | slice) -> _Missing:
        return _Missing(self.people[index], self.joints[index], self.tags[:, index])


def filled_cells(flat: Tensor, heatmaps: Tensor, tags: Tensor, tag_threshold: float) -> Tensor:
    """Cells of missing joints: the first that is best in heat less the rounded distance of tags.

    A cell is never better than it is high. So only the high cells are searched, and all the others where none of
    those is better than they can be.

    Args:
        flat: (N, K) flat cells, ``MISSING`` where a person lacks the joint; each has one joint or more.
        heatmaps: (K, H, W).
        tags: (K, L, H, W).
        tag_threshold: Distance of tags that counts as much as a full height of the heatmap.

    Returns:
        (N, K) flat cells.
    """
    people, joints = (flat == MISSING).nonzero().unbind(dim=1)
    filled = flat.clone()
    if not len(people):
        return filled
    missing = _Missing(people, joints, _mean_tags(flat, tags)[:, people])
    best = torch.full_like(people, MISSING)
    row_maxima = heatmaps.amax(dim=-1)
    for level in LEVELS:
        index = (best == MISSING).nonzero()[:, 0]
        if len(index):
            best[index] = _best_above(level, missing.at(index), heatmaps, tags, row_maxima, tag_threshold)
    index = (best == MISSING).nonzero()[:, 0]
    best[index] = _best_anywhere(missing.at(index), heatmaps, tags, tag_threshold)
    filled[people, joints] = best
    return filled


def filled_cells_at_once(flat: Tensor, heatmaps: Tensor, tags: Tensor, tag_threshold: float) -> Tensor:
    """:func:`filled_cells` by looking at every cell for every joint, for graphs, which cannot search: N * K * H * W."""
    apart = tags.flatten(2)[None] - _mean_tags(flat, tags).T[:, None, :, None]
    best = heatmaps.flatten(1) - _cost(apart.movedim(2, 0), tag_threshold)
    return torch.where(flat == MISSING, best.argmax(dim=-1), flat)


def _mean_tags(flat: Tensor, tags: Tensor) -> Tensor:
    """(L, N) over the joints that a person has."""
    found = flat != MISSING
    joints = torch.arange(flat.shape[1], device=flat.device)
    of_joints = tags.flatten(2).movedim(1, 0)[:, joints, flat.clamp(min=0)]
    return torch.where(found, of_joints, 0).sum(dim=-1) / found.sum(dim=-1)


def _best_above(
    level: float, missing: _Missing, heatmaps: Tensor, tags: Tensor, row_maxima: Tensor, tag_threshold: float
) -> Tensor:
    """(P,) the best cells, ``MISSING`` where a cell that is not above the level might be better."""
    wanted = torch.zeros(len(heatmaps), dtype=torch.bool, device=heatmaps.device)
    wanted[missing.joints] = True
    high = cells_above(heatmaps, row_maxima.masked_fill(~wanted[:, None], -torch.inf), level)
    cells, present = padded_cells(*high, len(heatmaps), BLOCK)
    heat = torch.where(present, heatmaps.flatten(1).gather(1, cells), -torch.inf)
    near = tags.flatten(2).movedim(1, 0).gather(2, cells.expand(tags.shape[1], -1, -1))
    blocks = [values.unflatten(-1, (-1, BLOCK)) for values in (cells, heat, near)]
    size = max(MOST_DISTANCES // cells.shape[1], 1)
    parts = [missing.at(slice(start, start + size)) for start in range(0, len(missing.people), size)]
    return torch.cat([_best_in_blocks(level, part, *blocks, tag_threshold) for part in parts])


def _best_in_blocks(
    level: float, missing: _Missing, cells: Tensor, heat: Tensor, tags: Tensor, tag_threshold: float
) -> Tensor:
    """The same among ``cells`` and ``heat`` (K, B, BLOCK), ``tags`` (L, K, B, BLOCK)."""
    joints, mean = missing.joints, missing.tags[..., None]
    outside = torch.maximum(tags.amin(dim=-1)[:, joints] - mean, mean - tags.amax(dim=-1)[:, joints]).clamp(min=0)
    bound = heat.amax(dim=-1)[joints] - _cost(outside, tag_threshold)
    number, block = (bound > level).nonzero().unbind(dim=1)
    joint = joints[number]
    apart = tags[:, joint, block] - missing.tags[:, number, None]
    value, place = (heat[joint, block] - _cost(apart, tag_threshold)).max(dim=-1)
    best = torch.full_like(missing.tags[0], level).scatter_reduce(0, number, value, 'amax')
    # Blocks are in the order of their cells: the first of those that are as good has the first cell.
    equal = ((value == best[number]) & (value > level)).nonzero()[:, 0]
    first = torch.full_like(joints, len(number)).scatter_reduce(0, number[equal], equal, 'amin')
    found = first < len(number)
    result, first = torch.full_like(joints, MISSING), first[found]
    result[found] = cells[joint[first], block[first], place[first]]
    return result


def _best_anywhere(missing: _Missing, heatmaps: Tensor, tags: Tensor, tag_threshold: float) -> Tensor:
    """(P,) the best cells of whole maps."""
    heat, tag_maps = heatmaps.flatten(1), tags.flatten(2)
    best = torch.empty_like(missing.joints)
    for number, (joint, tag) in enumerate(zip(missing.joints, missing.tags.unbind(dim=1), strict=True)):
        best[number] = (heat[joint] - _cost(tag_maps[joint] - tag[:, None], tag_threshold)).argmax()
    return best


def _cost(apart: Tensor, tag_threshold: float) -> Tensor:
    """(...) rounded length of (L, ...) differences, in units of the threshold; they are overwritten."""
    # Not `norm`: along a dimension of one or two it is 30 times slower on a processor.
    return apart.square_().sum(dim=0).sqrt_().div_(tag_threshold).round_()
