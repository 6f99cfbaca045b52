"""People on the image.

Shapes: H W pixels of the image. Images RGB.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from mmp3d.visualization.drawn_people import DrawnPeople
from mmp3d.visualization.limbs import Limbs, draw_person
from mmp3d.visualization.text import Label, draw_labels, draw_text

SMALLEST_HEIGHT = 360
WHITE = (255, 255, 255)


def enlarged(image: np.ndarray) -> np.ndarray:
    """A copy of (H, W, 3), at least 360 px high so that lines and text can be told apart."""
    factor = _enlargement(image)
    if factor == 1:
        return image.copy()
    size = (max(1, round(image.shape[1] * factor)), SMALLEST_HEIGHT)
    return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)


def draw_overlay(
    image: np.ndarray,
    people: DrawnPeople,
    limbs: Limbs,
    width: float | None = None,
    radius: float | None = None,
    boxes: bool = False,
    joint_indices: bool = False,
) -> np.ndarray:
    """Draw people on a copy of an image, with their numbers and distances above their heads.

    Args:
        image: (H, W, 3) uint8 RGB.
        people: In the image's pixels.
        limbs: Their joint set.
        width: Of limbs, px; None: by the size of the image.
        radius: Of joints, px; None: likewise.
        boxes: Draw boxes.
        joint_indices: Write the joints' indices.

    Returns:
        (h, w, 3) uint8 RGB, see :func:`enlarged`.
    """
    canvas, factor = enlarged(image), _enlargement(image)
    keypoints = (people.keypoints + 0.5) * factor - 0.5
    fine = max(canvas.shape[:2]) / 640
    width = max(1, round(2 * fine) if width is None else round(width))
    radius = max(1, round(2 * fine) if radius is None else round(radius))
    text = float(np.clip(13 * fine, 10, 40))
    for person, colour in enumerate(people.colours):
        draw_person(canvas, keypoints[person], people.shown[person], limbs, colour, width, radius)
        if boxes and people.boxes is not None:
            _draw_box(canvas, (people.boxes[person] + 0.5) * factor - 0.5, colour, width)
        if joint_indices:
            _draw_indices(canvas, keypoints[person], people.shown[person], text)
    draw_labels(canvas, list(_labels(people, keypoints)), text, WHITE)
    return canvas


def _labels(people: DrawnPeople, keypoints: np.ndarray) -> Iterator[Label]:
    seen = people.shown & np.isfinite(keypoints).all(axis=-1)
    for person in np.flatnonzero(seen.any(axis=-1)):
        joints = keypoints[person][seen[person]]
        yield Label(people.labels[person], (joints[:, 0].mean(), joints[:, 1].min()), people.colours[person])


def _enlargement(image: np.ndarray) -> float:
    return max(1.0, SMALLEST_HEIGHT / image.shape[0])


def _draw_box(canvas: np.ndarray, box: np.ndarray, colour: tuple, width: int) -> None:
    if np.isfinite(box).all():
        x0, y0, x1, y1 = np.clip(np.round(box), -1e5, 1e5).astype(int).tolist()
        cv2.rectangle(canvas, (x0, y0), (x1, y1), colour, max(1, width // 2), cv2.LINE_AA)


def _draw_indices(canvas: np.ndarray, keypoints: np.ndarray, shown: np.ndarray, text: float) -> None:
    for index in np.flatnonzero(shown & np.isfinite(keypoints).all(axis=-1)):
        draw_text(canvas, str(index), keypoints[index] + text / 2, 0.8 * text, WHITE, (0, 0, 0))
