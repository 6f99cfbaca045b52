"""Which of the people found in a crop the box was drawn around.

Shapes: N people, K joints. Pixels, of the input or of the image.
"""

from __future__ import annotations

import numpy as np
import torch
from mmpose.structures.bbox import bbox_overlaps

from mmp3d.geometry.boxes import joint_extents


def box_overlaps(boxes: np.ndarray, box: np.ndarray) -> np.ndarray:
    """(N,) IoU of (N, 4) xyxy boxes with one (4,) box; mmpose's, which takes tensors."""
    boxes, box = (torch.as_tensor(np.asarray(array), dtype=torch.float32) for array in (boxes, box))
    return bbox_overlaps(boxes, box[None])[:, 0].numpy()


def own_person(keypoints: np.ndarray, scores: np.ndarray, box: np.ndarray) -> int:
    """The person whose joints' extent overlaps the box most (IoU); among those that do not, the nearest to its centre.

    Args:
        keypoints: (N, K, 2) px, N > 0.
        scores: (N, K); 0 marks a joint that was not found.
        box: (4,) xyxy px.
    """
    extents = joint_extents(keypoints, scores)
    overlaps = box_overlaps(extents, box)
    if overlaps.max() > 0:
        return int(overlaps.argmax())
    centres = extents.reshape(-1, 2, 2).mean(axis=1)
    return int(np.linalg.norm(centres - np.reshape(box, (2, 2)).mean(axis=0), axis=1).argmin())
