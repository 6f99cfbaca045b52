"""Gaussian joint heatmaps of several people, on the processor (targets) and on any device (network input).

Shapes: B images, N people, K joints, H W map cells (see ``cells``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from mmp3d.codecs.cells import pixels_to_cells


def draw_heatmaps(cells: np.ndarray, visible: np.ndarray, size: tuple[int, int], sigma: float) -> np.ndarray:
    """Target heatmaps: the largest of all people's Gaussians, cut at three sigma.

    Args:
        cells: (N, K, 2) x, y in fractional cells.
        visible: (N, K); joints with 0 are left out.
        size: (W, H) cells.
        sigma: Standard deviation in cells.

    Returns:
        (K, H, W) float32 in [0, 1].
    """
    width, height = size
    joints = cells.shape[1]
    radius = int(np.ceil(3 * sigma))
    maps = np.zeros((joints, height, width), np.float32)
    centres = np.round(np.where(np.isfinite(cells), cells, -1e6))
    near = ((centres >= -radius) & (centres < np.array(size) + radius)).all(axis=-1) & (visible > 0)
    person, joint = near.nonzero()
    grid = centres[person, joint].astype(np.int64)[:, :, None] + np.arange(-radius, radius + 1)
    offset = grid - cells[person, joint][:, :, None]
    ends = np.array(size)[:, None]
    # What falls outside is 0 high and may lie on the border, so that no patch has to be clipped.
    profile = (np.exp(offset * offset / (-2 * sigma**2)) * ((grid >= 0) & (grid < ends))).astype(np.float32)
    grid = np.minimum(np.maximum(grid, 0), ends - 1)
    rows = (joint[:, None] * height + grid[:, 1]) * width
    flat = rows[:, :, None] + grid[:, 0, None, :]
    patches = profile[:, 1, :, None] * profile[:, 0, None, :]
    np.maximum.at(maps.reshape(-1), flat.ravel(), patches.ravel())
    return maps


def render_person_heatmaps(
    keypoints: Sequence[Tensor],
    scores: Sequence[Tensor],
    size: tuple[int, int],
    sigma: float,
    stride: float = 1,
    least: float = 0.0,
) -> Tensor:
    """Input heatmaps of a batch: the largest of all people's Gaussians, each as high as its joint's score.

    Runs on the device of ``keypoints``. Memory grows with the image, not with the number of people.

    Args:
        keypoints: B tensors (N, K, 2), input px; N may differ and may be 0.
        scores: B tensors (N, K) in [0, 1]; 0 leaves a joint out.
        size: (W, H) cells of the maps.
        sigma: Standard deviation in input px.
        stride: Input px per cell.
        least: Cells below become 0.

    Returns:
        (B, K, H, W) float32.
    """
    heights = pad_sequence(list(scores), batch_first=True).float()
    across, down = _profiles(pad_sequence(list(keypoints), batch_first=True).float(), heights, size, sigma, stride)
    maps = heights.new_zeros(len(heights), heights.shape[2], *size[::-1])
    for person in range(heights.shape[1]):
        torch.maximum(maps, down[:, person, :, :, None] * across[:, person, :, None, :], out=maps)
    return F.threshold(maps, least, 0) if least else maps


def render_at_once(
    keypoints: Tensor, scores: Tensor, size: tuple[int, int], sigma: float, stride: float = 1, least: float = 0.0
) -> Tensor:
    """:func:`render_person_heatmaps` without a loop, for graphs; memory grows with the number of people.

    Args:
        keypoints: (B, N, K, 2), input px, N > 0.
        scores: (B, N, K).
        size: As there, and so are the others.

    Returns:
        (B, K, H, W) float32.
    """
    across, down = _profiles(keypoints, scores, size, sigma, stride)
    maps = (down[..., :, None] * across[..., None, :]).amax(dim=1)
    return F.threshold(maps, least, 0) if least else maps


def resized(maps: Tensor, size: Sequence[int]) -> Tensor:
    """(B, K, h, w) maps at another resolution, (B, K, H, W) with (H, W) = ``size``, on the same image grid."""
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    return F.interpolate(maps, size=tuple(size), mode='bilinear', align_corners=False)


def _profiles(
    keypoints: Tensor, heights: Tensor, size: tuple[int, int], sigma: float, stride: float
) -> tuple[Tensor, Tensor]:
    """(B, N, K, W) and (B, N, K, H) whose products are the Gaussians."""
    cells = pixels_to_cells(keypoints, stride)
    across = _profile(cells[..., 0], size[0], sigma / stride) * heights[..., None]
    return across, _profile(cells[..., 1], size[1], sigma / stride)


def _profile(centres: Tensor, length: int, sigma: float) -> Tensor:
    grid = torch.arange(length, device=centres.device, dtype=centres.dtype)
    squares = (grid - centres[..., None]) ** 2 / sigma**2
    # Cut at four sigma: the far tail is denormal numbers, with which a processor computes many times slower.
    return torch.exp(-squares / 2) * (squares < 16)
