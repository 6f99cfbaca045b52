"""Cells of maps that are higher than a level, without a look at the rows that are not.

Shapes: K joints, H W map cells, C cells. A flat cell is i * W + j.
"""

from __future__ import annotations

import torch
from torch import Tensor


def cells_above(maps: Tensor, row_maxima: Tensor, level: float) -> tuple[Tensor, Tensor]:
    """Which cells are higher than a level.

    Args:
        maps: (K, H, W).
        row_maxima: (K, H) their ``maps.amax(dim=-1)``; minus infinity leaves a row out.
        level: In the unit of the maps.

    Returns:
        (C,) joints and (C,) flat cells, both ascending.
    """
    height, width = maps.shape[-2:]
    # A row that holds a NaN has no other maximum: it is looked at.
    rows = (~(row_maxima <= level)).flatten().nonzero()[:, 0]
    line, column = (maps.flatten(0, 1)[rows] > level).nonzero().unbind(dim=1)
    row = rows[line]
    return row // height, row % height * width + column


def padded_cells(joints: Tensor, cells: Tensor, num_joints: int, multiple: int = 1) -> tuple[Tensor, Tensor]:
    """The cells of each joint in a row of its own.

    Args:
        joints: (C,) ascending.
        cells: (C,) flat cells.
        num_joints: K.
        multiple: The rows are as long as the longest, rounded up to a multiple of this; at least as long as this.

    Returns:
        (K, M) flat cells, 0 behind those of the joint, and (K, M) bool, False behind them.
    """
    counts = torch.bincount(joints, minlength=num_joints)
    length = max(-(-int(counts.max()) // multiple), 1) * multiple
    rows = cells.new_zeros(num_joints, length)
    first = counts.cumsum(0) - counts
    rows[joints, torch.arange(len(joints), device=joints.device) - first[joints]] = cells
    return rows, torch.arange(length, device=joints.device) < counts[:, None]
