"""Text in pictures: axis numbers, and people's labels that keep clear of each other.

Positions in px of the picture; colours RGB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mmp3d.visualization.limbs import Colour

FONT = cv2.FONT_HERSHEY_SIMPLEX
LINE_HEIGHT = 1.35


@dataclass(frozen=True)
class Label:
    """A person's label: text, the (x, y) of the top of the person, colour."""

    text: str
    place: tuple[float, float]
    colour: Colour


def draw_labels(image: np.ndarray, labels: Sequence[Label], height: float, halo: Colour) -> None:
    """Write labels of ``height`` px above their people in place; one that would cover another moves up."""
    taken: list[tuple[float, float, float]] = []
    for label in sorted(labels, key=lambda label: -label.place[1]):
        (wide, _), _ = cv2.getTextSize(label.text, FONT, *_size(height))
        x, y = label.place[0], max(label.place[1], height * LINE_HEIGHT) - height
        while any(abs(x - other) < (wide + width) / 2 and abs(y - line) < height for other, line, width in taken):
            y -= height / 4
            if y < 0:
                break
        taken.append((x, y, wide))
        draw_text(image, label.text, (x, y), height, label.colour, halo)


def draw_text(
    image: np.ndarray, text: str, position: Sequence[float], height: float, colour: Colour, halo: Colour | None = None
) -> None:
    """Write text in place, its middle at ``position`` (x, y), ``height`` px high, kept within the picture."""
    scale, weight = _size(height)
    (wide, high), _ = cv2.getTextSize(text, FONT, scale, weight)
    x = int(np.clip(position[0] - wide / 2, 1, max(image.shape[1] - wide - 1, 1)))
    y = int(np.clip(position[1] + high / 2, high + 1, max(image.shape[0] - 2, high + 1)))
    if halo is not None:
        cv2.putText(image, text, (x, y), FONT, scale, halo, 3 * weight, cv2.LINE_AA)
    cv2.putText(image, text, (x, y), FONT, scale, colour, weight, cv2.LINE_AA)


def _size(height: float) -> tuple[float, int]:
    """OpenCV's scale and stroke for letters of a height."""
    return height / 22, max(1, round(height / 12))
