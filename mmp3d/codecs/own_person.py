"""Which of the people found in a crop the box was drawn around.

Shapes: N people, K joints. Pixels, of the input or of the image.
"""

from __future__ import annotations

import numpy as np
import torch
from mmpose.structures.bbox import bbox_overlaps


def box_overlaps(boxes: np.ndarray, box: np.ndarray) -> np.ndarray:
    """(N,) IoU of (N, 4) xyxy boxes with one (4,) box; mmpose's, which takes tensors."""
    boxes, box = (torch.as_tensor(np.asarray(array), dtype=torch.float32) for array in (boxes, box))
    return bbox_overlaps(boxes, box[None])[:, 0].numpy()


def joint_extents(keypoints: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(N, 4) xyxy around each person's joints with a score above 0; a person without any is a box at the first joint.

    Args:
        keypoints: (N, K, 2) px.
        scores: (N, K).
    """
    found = (scores > 0)[..., None]
    first = keypoints[:, :1]
    low = np.where(found, keypoints, np.inf).min(axis=1, initial=np.inf)
    high = np.where(found, keypoints, -np.inf).max(axis=1, initial=-np.inf)
    nobody = ~np.isfinite(low)
    if nobody.any():
        low, high = (np.where(nobody, first[:, 0], corner) for corner in (low, high))
    return np.concatenate([low, high], axis=1).astype(np.float32)


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
