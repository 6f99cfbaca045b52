"""The joints of the person whom a box was drawn around, read as a single-person network's: one best cell a joint.

Shapes: N people, K joints, L tag dimensions, H W map cells. A flat cell is i * W + j.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mmp3d.codecs.cells import cells_to_pixels
from mmp3d.geometry.grouping import MISSING

# Heat outside of the box, a tenth wider on every side, counts this much: a box may be too small.
OUTSIDE = 0.3
MARGIN = 0.1
# Cells at which two people's joint is one, and the share of such joints above which somebody is a piece of another.
SAME_CELLS = 2
MAX_OWN_SHARE = 0.5


def own_cells(
    grouped: Tensor, heatmaps: Tensor, tags: Tensor, box: np.ndarray, stride: float, tag_spread: float
) -> Tensor:
    """Cells where heat, the likeness of the tag to the person's mean, and the box agree best.

    Tags that hardly tell people apart split one person into pieces; the piece that fits the box best tells which tags
    are that person's, and every joint is looked for anew.

    Args:
        grouped: (K,) cells of the joints by which the person is known, ``MISSING`` for the others; one or more.
        heatmaps: (K, H, W).
        tags: (K, L, H, W).
        box: (4,) xyxy input px.
        stride: Input px per cell.
        tag_spread: A tag so far from the mean counts as much less as a normal density falls at its standard deviation.

    Returns:
        (K,) flat cells; ``MISSING`` where a map has nothing above 0 or is not finite.
    """
    joints = torch.nonzero(grouped != MISSING)[:, 0]
    heat, flat_tags = heatmaps.flatten(1).clamp(min=0), tags.flatten(2)
    cells = grouped[joints]
    weights = heat[joints, cells].clamp(min=1e-3)[:, None]
    mean = (flat_tags[joints, :, cells] * weights).sum(dim=0) / weights.sum()
    apart = (flat_tags - mean[:, None]).square().mean(dim=1)
    fit = heat * torch.exp(-apart / (2 * tag_spread**2)) * _in_box(heatmaps, box, stride).flatten()
    best, places = fit.max(dim=1)
    return torch.where(best.isfinite() & (best > 0), places, MISSING)


def shares_of_joints(people: Tensor, own: Tensor, width: int) -> Tensor:
    """(N,) share of each person's joints that lie where the own person's are.

    Args:
        people: (N, K) flat cells or ``MISSING``, each with one joint or more.
        own: (K,) likewise.
        width: W.
    """
    has = people != MISSING
    rows, columns = people // width - own // width, people % width - own % width
    same = has & (own != MISSING) & (rows.square() + columns.square() <= SAME_CELLS**2)
    return same.sum(dim=1) / has.sum(dim=1)


def _in_box(heatmaps: Tensor, box: np.ndarray, stride: float) -> Tensor:
    """(H, W) 1 in the widened box, ``OUTSIDE`` elsewhere."""
    low, high = np.reshape(box, (2, 2)).astype(np.float64)
    margin = MARGIN * (high - low)
    inside = []
    for side, first, last in zip(heatmaps.shape[:-3:-1], low - margin, high + margin, strict=True):
        places = cells_to_pixels(torch.arange(side, device=heatmaps.device, dtype=heatmaps.dtype), stride)
        inside.append((places >= first) & (places <= last))
    return torch.where(inside[1][:, None] & inside[0], 1.0, OUTSIDE)
