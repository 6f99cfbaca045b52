"""What is done about defects in annotations: which joints are labels, and which box a person gets.

Shapes: P people, K joints. Pixels of the full image, millimetres in the camera frame.
"""

from __future__ import annotations

import numpy as np

from mmp3d.geometry.boxes import boxes_around


def clean_2d(keypoints: np.ndarray, labelled: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Mark 2D joints that cannot be labels.

    Args:
        keypoints: (P, K, 2) px.
        labelled: (P, K) bool, what the file says.
        sizes: (P, 2) width and height of each person's image.

    Returns:
        (P, K, 2) px with zeros where not finite, (P, K) bool: labelled, finite and inside the image, and the number
        of labelled joints that are not finite.
    """
    finite = np.isfinite(keypoints).all(axis=-1)
    keypoints = np.where(finite[..., None], keypoints, 0).astype(np.float32)
    inside = ((keypoints >= -0.5) & (keypoints <= sizes[:, None] - 0.5)).all(axis=-1)
    return keypoints, labelled & finite & inside, int((labelled & ~finite).sum())


def clean_3d(points: np.ndarray, labelled: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Mark 3D joints that cannot be labels.

    Args:
        points: (P, K, 3) mm, absolute camera frame.
        labelled: (P, K) bool, what the file says.

    Returns:
        (P, K, 3) mm with zeros where not valid, (P, K) bool: labelled, finite and in front of the camera, and the
        number of labelled joints that are not finite or not in front.
    """
    usable = np.isfinite(points).all(axis=-1) & (points[..., 2] > 0)
    valid = labelled & usable
    return np.where(valid[..., None], points, 0).astype(np.float32), valid, int((labelled & ~usable).sum())


def clean_boxes(boxes: np.ndarray, keypoints: np.ndarray, finite: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Boxes inside the image; a box that is not finite or has no area is replaced by the box around the joints.

    Args:
        boxes: (P, 4) xyxy px as annotated; NaN asks for the box around the joints.
        keypoints: (P, K, 2) px.
        finite: (P, K) bool, joints with known coordinates.
        sizes: (P, 2) width and height of each person's image.

    Returns:
        (P, 4) xyxy px float32. A box entirely outside of its image is left there; a person without box and joints
        gets zeros.
    """
    with np.errstate(invalid='ignore'):
        good = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    boxes = np.where(good[:, None], boxes, boxes_around(keypoints, finite))
    limit = (np.tile(sizes, 2) - 1).astype(np.float32)
    clipped = np.clip(boxes, 0, limit)
    remains = (clipped[:, 2:] > clipped[:, :2]).all(axis=1)
    return np.where(remains[:, None], clipped, boxes).astype(np.float32)
