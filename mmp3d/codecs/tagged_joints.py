"""From heatmaps and tag maps to people in 2D: candidates, people's missing joints, places and scores.

Shapes: N people, K joints, M candidates a joint, L tag dimensions, H W map cells. A flat cell is i * W + j.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmp3d.codecs.cells import cells_to_pixels, refined_cells, window_cells
from mmp3d.codecs.grouping import MISSING


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
    high = heatmaps > score_threshold
    # Where little is high, as in the maps of a trained network, it is quicker to look around what is.
    few = high.count_nonzero() * nms_kernel**2 < high.numel()
    is_peak = _peaks_among(high, heatmaps, nms_kernel) if few else high & _pooled_peaks(heatmaps, nms_kernel)
    peaks = torch.where(is_peak, heatmaps, 0).flatten(1)
    return peaks.topk(min(max_candidates, peaks.shape[1]), dim=1)


def _pooled_peaks(heatmaps: Tensor, nms_kernel: int) -> Tensor:
    """(K, H, W) whether a cell is the highest of its window."""
    return F.max_pool2d(heatmaps[None], nms_kernel, stride=1, padding=nms_kernel // 2)[0] == heatmaps


def _peaks_among(high: Tensor, heatmaps: Tensor, nms_kernel: int) -> Tensor:
    """The same for the cells that ``high`` (K, H, W) marks: first by their neighbours, which leaves few."""
    height, width = heatmaps.shape[-2:]
    flat, radius = heatmaps.flatten(1), nms_kernel // 2
    joints, cells = high.flatten(1).nonzero().unbind(dim=1)
    for reach in {min(1, radius), radius}:
        around = flat[joints[:, None], window_cells(cells, reach, width, height)]
        highest = flat[joints, cells] == around.amax(dim=1)
        joints, cells = joints[highest], cells[highest]
    is_peak = torch.zeros_like(flat, dtype=torch.bool)
    is_peak[joints, cells] = True
    return is_peak.view_as(high)


def tags_at(tags: Tensor, cells: Tensor) -> Tensor:
    """(K, M, L) tags of (K, L, H, W) maps at (K, M) flat cells."""
    maps = tags.flatten(2)
    return maps.gather(-1, cells[:, None].expand(*maps.shape[:-1], cells.shape[-1])).movedim(1, -1)


def member_cells(members: np.ndarray, cells: Tensor) -> Tensor:
    """(N, K) flat cells of grouped candidates, ``MISSING`` where a person has none.

    Args:
        members: (N, K) candidate of each person, see :func:`~mmp3d.codecs.grouping.group_by_tags`.
        cells: (K, M) flat cells of the candidates.
    """
    picked = torch.as_tensor(members, device=cells.device)
    joints = torch.arange(len(cells), device=cells.device)
    return torch.where(picked == MISSING, MISSING, cells[joints, picked.clamp(min=0)])


def filled_cells(flat: Tensor, heatmaps: Tensor, tags: Tensor, tag_threshold: float) -> Tensor:
    """Cells of missing joints: where the heat is high and the tag near to the person's mean tag.

    Args:
        flat: (N, K) flat cells, ``MISSING`` where a person lacks the joint; each has one joint or more.
        heatmaps: (K, H, W).
        tags: (K, L, H, W).
        tag_threshold: Distance of tags that counts as much as a full height of the heatmap.

    Returns:
        (N, K) flat cells.
    """
    tag_maps = tags.flatten(2)
    heat = heatmaps.flatten(1)
    filled = flat.clone()
    for person, cells in enumerate(flat):
        missing = (cells == MISSING).nonzero()[:, 0]
        if not len(missing):
            continue
        grouped = (cells != MISSING).nonzero()[:, 0]
        mean_tag = tag_maps[grouped, :, cells[grouped]].mean(dim=0)
        # Not `norm`: along an inner dimension of one or two it is 30 times slower on a processor.
        distances = (tag_maps[missing] - mean_tag[None, :, None]).square_().sum(dim=1).sqrt_()
        filled[person, missing] = (heat[missing] - distances.div_(tag_threshold).round_()).argmax(dim=1)
    return filled


def joint_scores(flat: Tensor, heatmaps: Tensor) -> Tensor:
    """(N, K) heights in [0, 1] of (K, H, W) heatmaps at (N, K) flat cells; 0 for ``MISSING``."""
    joints = torch.arange(len(heatmaps), device=flat.device)
    return torch.where(flat != MISSING, heatmaps.flatten(1)[joints, flat.clamp(min=0)], 0).clamp(0, 1)


def joint_places(flat: Tensor, scores: Tensor, heatmaps: Tensor, stride: float) -> Tensor:
    """Joints in input px: refined peaks, and the score-weighted centre of the person for a joint that is missing.

    Args:
        flat: (N, K) flat cells or ``MISSING``.
        scores: (N, K) in [0, 1].
        heatmaps: (K, H, W).
        stride: Input px per cell.

    Returns:
        (N, K, 2) x, y.
    """
    joints = torch.arange(len(heatmaps), device=flat.device)
    height, width = heatmaps.shape[-2:]
    cells = flat.clamp(min=0)
    around = heatmaps.flatten(1)[joints[:, None], window_cells(cells, 1, width, height)]
    points = cells_to_pixels(refined_cells(cells, around, width, height), stride)
    weights = scores.clamp(min=1e-6)[..., None]
    centre = (points * weights).sum(dim=1) / weights.sum(dim=1)
    return torch.where((flat != MISSING)[..., None], points, centre[:, None])
