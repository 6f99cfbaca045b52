"""From heatmaps and tag maps to people in 2D: candidates, places and scores.

Shapes: N people, K joints, M candidates a joint, L tag dimensions, H W map cells. A flat cell is i * W + j.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mmp3d.codecs.cells import REFINEMENTS, cells_to_pixels, window_cells
from mmp3d.codecs.high_cells import cells_above, padded_cells
from mmp3d.geometry.grouping import MISSING

# Below one in this many, high cells are looked at one by one and not as whole maps.
PLAIN_SHARE = 8


def find_candidates(
    heatmaps: Tensor, max_candidates: int, nms_kernel: int, score_threshold: float = 0.0
) -> tuple[Tensor, Tensor]:
    """The highest peaks of each joint.

    Args:
        heatmaps: (K, H, W).
        max_candidates: M, fewer where the map has fewer cells.
        nms_kernel: Side of the window in which a peak must be the highest, cells; odd.
        score_threshold: Cells at or below are no peaks; 0 or more.

    Returns:
        (K, M) heights, best first (0 where there are fewer peaks), and (K, M) flat cells.
    """
    joints, cells = cells_above(heatmaps, heatmaps.amax(dim=-1), score_threshold)
    # Where little is high, as in the maps of a trained network, it is quicker to look around what is.
    if len(cells) * PLAIN_SHARE < heatmaps.numel():
        joints, cells = _peaks_among(joints, cells, heatmaps, nms_kernel)
    else:
        joints, cells = (_pooled_peaks(heatmaps, nms_kernel) & (heatmaps > score_threshold)).flatten(1).nonzero().T
    most = min(max_candidates, heatmaps[0].numel())
    flat, present = padded_cells(joints, cells, len(heatmaps), most)
    scores, order = torch.where(present, heatmaps.flatten(1).gather(1, flat), 0).topk(most, dim=1)
    return scores, flat.gather(1, order)


def _pooled_peaks(heatmaps: Tensor, nms_kernel: int) -> Tensor:
    """(K, H, W) whether a cell is the highest of its window."""
    # Along rows and then along columns: many times faster than the max pooling of a window.
    highest = heatmaps
    for axis in (-1, -2):
        line = highest
        highest = line.clone()
        for step in range(1, min(nms_kernel // 2, line.shape[axis] - 1) + 1):
            length = line.shape[axis] - step
            for source, target in ((0, step), (step, 0)):
                reached = highest.narrow(axis, target, length)
                torch.maximum(reached, line.narrow(axis, source, length), out=reached)
    return highest == heatmaps


def _peaks_among(joints: Tensor, cells: Tensor, heatmaps: Tensor, nms_kernel: int) -> tuple[Tensor, Tensor]:
    """Those of (C,) joints and flat cells, all that are high and ascending, that are peaks."""
    height, width = heatmaps.shape[-2:]
    flat, radius = heatmaps.flatten(1), nms_kernel // 2
    if radius:
        rising = _highest_of_run(joints, cells, flat[joints, cells], width)
        joints, cells = joints[rising], cells[rising]
    around = flat[joints[:, None], window_cells(cells, radius, width, height)]
    highest = flat[joints, cells] == around.amax(dim=1)
    return joints[highest], cells[highest]


def _highest_of_run(joints: Tensor, cells: Tensor, heights: Tensor, width: int) -> Tensor:
    """(C,) whether a cell is as high as its left and right neighbours; those that are not listed are lower."""
    follows = (cells[1:] == cells[:-1] + 1) & (joints[1:] == joints[:-1]) & (cells[1:] % width != 0)
    highest = torch.ones_like(joints, dtype=torch.bool)
    highest[1:] &= ~(follows & (heights[:-1] > heights[1:]))
    highest[:-1] &= ~(follows & (heights[1:] > heights[:-1]))
    return highest


def tags_at(tags: Tensor, cells: Tensor) -> Tensor:
    """(K, M, L) tags of (K, L, H, W) maps at (K, M) flat cells."""
    maps = tags.flatten(2)
    return maps.gather(-1, cells[:, None].expand(*maps.shape[:-1], cells.shape[-1])).movedim(1, -1)


def member_cells(members: np.ndarray, cells: Tensor) -> Tensor:
    """(N, K) flat cells of grouped candidates, ``MISSING`` where a person has none.

    Args:
        members: (N, K) candidate of each person, see :func:`~mmp3d.geometry.grouping.group_by_tags`.
        cells: (K, M) flat cells of the candidates.
    """
    picked = torch.as_tensor(members, device=cells.device)
    joints = torch.arange(len(cells), device=cells.device)
    return torch.where(picked == MISSING, MISSING, cells[joints, picked.clamp(min=0)])


def joint_scores(flat: Tensor, heatmaps: Tensor) -> Tensor:
    """(N, K) heights in [0, 1] of (K, H, W) heatmaps at (N, K) flat cells; 0 for ``MISSING``."""
    joints = torch.arange(len(heatmaps), device=flat.device)
    return torch.where(flat != MISSING, heatmaps.flatten(1)[joints, flat.clamp(min=0)], 0).clamp(0, 1)


def joint_places(
    flat: Tensor,
    scores: Tensor,
    heatmaps: Tensor,
    stride: float,
    refinement: str = 'parabola',
    center_shift: float = 0.0,
) -> Tensor:
    """Joints in input px: refined peaks, and the score-weighted centre of the person for a joint that is missing.

    Args:
        flat: (N, K) flat cells or ``MISSING``.
        scores: (N, K) in [0, 1].
        heatmaps: (K, H, W).
        stride: Input px per cell.
        refinement: One of ``REFINEMENTS``.
        center_shift: Cells by which joints are moved to the right and down.

    Returns:
        (N, K, 2) x, y.
    """
    joints = torch.arange(len(heatmaps), device=flat.device)
    height, width = heatmaps.shape[-2:]
    cells = flat.clamp(min=0)
    around = heatmaps.flatten(1)[joints[:, None], window_cells(cells, 1, width, height)]
    refined = REFINEMENTS[refinement](cells, around, width, height)
    points = cells_to_pixels(refined + center_shift, stride)
    weights = scores.clamp(min=1e-6)[..., None]
    centre = (points * weights).sum(dim=1) / weights.sum(dim=1)
    return torch.where((flat != MISSING)[..., None], points, centre[:, None])
