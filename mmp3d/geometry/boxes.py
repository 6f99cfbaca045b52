"""Boxes around people's joints.

Shapes: P or N people, K joints. Pixels.
"""

from __future__ import annotations

import numpy as np

BOX_MARGIN = 0.1


def boxes_around(keypoints: np.ndarray, finite: np.ndarray) -> np.ndarray:
    """(P, 4) xyxy px around the finite joints, a tenth wider on every side, a pixel at least; zeros without joints."""
    masked = np.where(finite[..., None], keypoints, np.inf)
    low = masked.min(axis=1, initial=np.inf)
    high = np.where(finite[..., None], keypoints, -np.inf).max(axis=1, initial=-np.inf)
    any_joint = finite.any(axis=1)[:, None]
    low, high = np.where(any_joint, low, 0), np.where(any_joint, high, 0)
    margin = np.where(any_joint, np.maximum(BOX_MARGIN * (high - low), 0.5), 0)
    return np.concatenate([low - margin, high + margin], axis=1)


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
