"""Cells of network maps and pixels of the network's input.

A map with stride s has its cell (row i, column j) centred on the input pixel x = s * j + (s - 1) / 2,
y = s * i + (s - 1) / 2, so that maps of different strides lie on each other and mirror exactly. A flat cell is
i * width + j.
Shapes: B images, N people, K joints, H W map cells, P cells read a joint.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

Array = TypeVar('Array', np.ndarray, Tensor)


def pixels_to_cells(pixels: Array, stride: float) -> Array:
    """(...) input px to (...) fractional cells of a map with this stride."""
    return (pixels + 0.5) / stride - 0.5


def cells_to_pixels(cells: Array, stride: float) -> Array:
    """(...) fractional cells of a map with this stride to (...) input px."""
    return (cells + 0.5) * stride - 0.5


def window_cells(cells: Tensor, radius: int, width: int, height: int) -> Tensor:
    """Flat cells of the square around each flat cell, row by row.

    Args:
        cells: (...) int64.
        radius: Half side of the square; cells beyond the border repeat the border.
        width: Map width.
        height: Map height.

    Returns:
        (..., (2 radius + 1)^2) int64.
    """
    offsets = torch.arange(-radius, radius + 1, device=cells.device)
    rows = (cells[..., None] // width + offsets).clamp(0, height - 1)
    columns = (cells[..., None] % width + offsets).clamp(0, width - 1)
    return (rows[..., :, None] * width + columns[..., None, :]).flatten(-2)


def read_cells(maps: Tensor, cells: Tensor) -> Tensor:
    """Values of (B, K, H, W) maps at (B, N, K, P) flat cells, as (B, N, K, P), in one gather for the batch."""
    batch, people, joints, places = cells.shape
    flat = cells.transpose(1, 2).reshape(batch, joints, people * places)
    return maps.flatten(2).gather(2, flat).view(batch, joints, people, places).transpose(1, 2)


def refined_cells(cells: Tensor, around: Tensor, width: int, height: int) -> Tensor:
    """Peaks moved to the top of a parabola through the peak and its neighbours, at most half a cell.

    Args:
        cells: (...) int64 flat cells of the peaks.
        around: (..., 9) heat in the 3 x 3 cells around each, row by row (``window_cells`` with radius 1).
        width: Map width.
        height: Map height.

    Returns:
        (..., 2) x, y in fractional cells. A peak at the border stays on its cell along that axis.
    """
    columns: list[Tensor] = []
    for low, high, position, last in ((3, 5, cells % width, width - 1), (1, 7, cells // width, height - 1)):
        slope = (around[..., high] - around[..., low]) / 2
        curvature = 2 * around[..., 4] - around[..., high] - around[..., low]
        shift = torch.where(curvature > 1e-6, slope / curvature.clamp(min=1e-6), 0).clamp(-0.5, 0.5)
        shift = torch.where((position > 0) & (position < last), shift, 0)
        columns.append(position + shift)
    return torch.stack(columns, dim=-1)


def quarter_cells(cells: Tensor, around: Tensor, width: int, height: int) -> Tensor:
    """Peaks moved by a quarter of a cell towards the higher neighbour along each axis, to lower numbers of equal ones.

    Args and result as in :func:`refined_cells`; at the border the peak itself stands for the neighbour that is not
    there. Source: the authors' release.
    """
    places = torch.stack([cells % width, cells // width], dim=-1)
    rises = torch.stack([around[..., 5] > around[..., 3], around[..., 7] > around[..., 1]], dim=-1)
    return places + torch.where(rises, 0.25, -0.25)


REFINEMENTS = {'parabola': refined_cells, 'quarter': quarter_cells}
