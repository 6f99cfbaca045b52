"""What the joints of all people in an image look like on the maps of a network.

Shapes: N people, K joints, H W map cells. Input px: pixels of the network's input.
"""

from __future__ import annotations

import numpy as np

from mmp3d.codecs.cells import pixels_to_cells
from mmp3d.codecs.heatmaps import draw_heatmaps


def joint_targets(
    keypoints: np.ndarray, visible: np.ndarray, size: tuple[int, int], stride: int, sigma: float
) -> dict[str, np.ndarray]:
    """Heatmaps of all people, and the cell of each joint.

    Args:
        keypoints: (N, K, 2) input px; NaN is outside.
        visible: (N, K); 0 marks a joint without a label.
        size: (W, H) cells.
        stride: Input px per cell.
        sigma: Standard deviation of a joint's Gaussian in cells.

    Returns:
        ``heatmaps`` (K, H, W); ``keypoint_indices`` (N, K) flat cell, and ``keypoint_weights`` (N, K): 1 for a joint
        that is labelled and inside, else both are 0.
    """
    cells = pixels_to_cells(np.where(np.isfinite(keypoints), keypoints, -1e6), stride)
    centres = np.round(cells).astype(np.int64)
    width, height = size
    inside = ((centres >= 0) & (centres < (width, height))).all(axis=-1)
    weights = ((visible > 0) & inside).astype(np.float32)
    return dict(
        heatmaps=draw_heatmaps(cells, visible, size, sigma),
        keypoint_indices=np.where(weights > 0, centres[..., 1] * width + centres[..., 0], 0),
        keypoint_weights=weights,
    )
