"""One picture of all people in the camera's space, seen from behind and above, to one scale.

Shapes: N people, K joints. Camera frame (x right, y down, z forward), millimetres; ticks in metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mmp3d.visualization.drawn_people import DrawnPeople
from mmp3d.visualization.limbs import Colour, Limbs, draw_person, draw_shadow
from mmp3d.visualization.text import Label, draw_labels, draw_text

YAW, PITCH = np.radians(28), np.radians(28)
PAPER, GRID, INK, SHADOW = 250, 215, 70, 190
TICK_STEPS = (500.0, 1000.0, 2000.0, 5000.0, 10000.0, 20000.0, 50000.0, 100000.0)
MOST_TICKS = 7
MARGIN = 200.0
BORDER = np.array([3.5, 3.5])  # in heights of a line of text
SMALLEST_SIDE = np.array([2000.0, 1800.0, 2000.0])
# The box of a scene with nobody: where people usually stand.
EMPTY_BOX = np.array([[-1500.0, -1000.0, 2000.0], [1500.0, 1000.0, 6000.0]])


def _view_axes() -> np.ndarray:
    """(3, 3): screen right, screen down and away from the viewer, in the camera frame."""
    right = np.array([np.cos(YAW), 0, np.sin(YAW)])
    forward = np.array([-np.sin(YAW), 0, np.cos(YAW)])
    down = np.array([0, np.cos(PITCH), 0]) - np.sin(PITCH) * forward
    return np.stack([right, down, np.cross(right, down)])


VIEW_AXES = _view_axes()


def scene_box(people: list[np.ndarray]) -> np.ndarray:
    """The space that holds people.

    Args:
        people: (K, 3) mm each, NaN where a joint is not shown, at least one joint shown.

    Returns:
        (2, 3) mm: lowest and highest x, y, z, with a margin.
    """
    if not people:
        return EMPTY_BOX.copy()
    points = np.concatenate(people)
    low, high = np.nanmin(points, axis=0) - MARGIN, np.nanmax(points, axis=0) + MARGIN
    high[1] -= MARGIN  # the floor is where the lowest joint is
    lacking = np.maximum(SMALLEST_SIDE - (high - low), 0)
    upward = np.array([0.5, 1.0, 0.5])
    return np.stack([low - upward * lacking, high + (1 - upward) * lacking])


def joined_boxes(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The (2, 3) box that holds both."""
    return np.stack([np.minimum(first[0], second[0]), np.maximum(first[1], second[1])])


def rounded_box(box: np.ndarray) -> np.ndarray:
    """The box with its sides moved out: x and z to the next half of a tick, y to the next 0.1 m."""
    unit = np.array([tick_step(box) / 2, 100.0, tick_step(box) / 2])
    return np.stack([np.floor(box[0] / unit), np.ceil(box[1] / unit)]) * unit


def tick_step(box: np.ndarray) -> float:
    """Distance between ticks, mm, so that the longest side has few."""
    widest = (box[1] - box[0]).max()
    return next((step for step in TICK_STEPS if widest / step <= MOST_TICKS), widest / MOST_TICKS)


@dataclass(frozen=True)
class Figure:
    """A person to draw: (K, 3) mm, NaN where a joint is not shown, at least one shown; colour and the text above."""

    joints: np.ndarray
    colour: Colour
    label: str


def figures_of(people: DrawnPeople) -> list[Figure]:
    """Those of whom at least one joint is shown."""
    shown = people.shown & np.isfinite(people.joints).all(axis=-1)
    joints = np.where(shown[..., None], people.joints, np.nan)
    return [
        Figure(joints[person], people.colours[person], people.labels[person])
        for person in np.flatnonzero(shown.any(axis=-1))
    ]


class SceneView:
    """An orthographic picture of a box of the camera's space.

    Args:
        box: (2, 3) mm, see :func:`rounded_box`.
        size: (width, height) of the picture, px.
    """

    def __init__(self, box: np.ndarray, size: tuple[int, int]) -> None:
        self.box = box
        self.size = size
        self.text_height = float(np.clip(min(size) / 40, 9, 40))
        corners = np.stack(np.meshgrid(*box.T), axis=-1).reshape(-1, 3) @ VIEW_AXES[:2].T
        room = np.maximum(np.array(size) - 2 * self.text_height * BORDER, 1)
        low, high = corners.min(axis=0), corners.max(axis=0)
        self.scale = float((room / (high - low)).min())
        self.offset = np.array(size) / 2 - self.scale * (high + low) / 2
        self._paper = self._draw_paper()

    def project(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) mm to (..., 2) px of the picture."""
        return points @ VIEW_AXES[:2].T * self.scale + self.offset

    def draw(self, figures: list[Figure], limbs: Limbs) -> np.ndarray:
        """The picture, (height, width, 3) uint8 RGB; near people hide far ones, shadows lie on the floor."""
        image = self._paper.copy()
        width = max(2, round(min(self.size) / 160))
        for figure in figures:
            floor = np.where([False, True, False], self.box[1, 1], figure.joints)
            draw_shadow(image, self.project(floor), limbs, SHADOW, width)
        for figure in sorted(figures, key=lambda figure: -np.nanmean(figure.joints @ VIEW_AXES[2])):
            points = self.project(figure.joints)
            draw_person(image, points, np.ones(len(points), bool), limbs, figure.colour, width, width)
        labels = []
        for figure in figures:
            points = self.project(figure.joints)
            labels.append(Label(figure.label, (np.nanmean(points[:, 0]), np.nanmin(points[:, 1])), figure.colour))
        draw_labels(image, labels, self.text_height, (PAPER,) * 3)
        return image

    def _draw_paper(self) -> np.ndarray:
        image = np.full((self.size[1], self.size[0], 3), PAPER, np.uint8)
        (x0, y0, z0), (x1, y1, z1) = self.box
        xs, ys, zs = (self._ticks(axis) for axis in range(3))
        for x in xs:
            self._line(image, (x, y1, z0), (x, y1, z1), GRID)
        for z in zs:
            self._line(image, (x0, y1, z), (x1, y1, z), GRID)
        self._line(image, (x0, y1, z0), (x0, y1, z1), GRID)
        self._line(image, (x0, y1, z1), (x1, y1, z1), GRID)
        for start, end in (((x0, y1, z0), (x0, y0, z0)), ((x0, y1, z0), (x1, y1, z0)), ((x1, y1, z0), (x1, y1, z1))):
            self._line(image, start, end, INK)
        self._number(image, [(x, y1, z0) for x in xs], xs, (-0.7, 1.2))
        self._number(image, [(x1, y1, z) for z in zs], zs, (1.2, 0.8))
        self._number(image, [(x0, y, z0) for y in ys], ys, (-1.3, 0.0))
        self._name(image, 'x [m]', ((x0 + x1) / 2, y1, z0), (-3.2, 3.2))
        self._name(image, 'depth z [m]', (x1, y1, z0), (5.2, 2.3))
        self._name(image, 'y [m]', (x0, y0, z0), (0.0, -1.8))
        return image

    def _ticks(self, axis: int) -> np.ndarray:
        step = tick_step(self.box)
        low, high = self.box[:, axis] / step
        return np.arange(np.ceil(low - 1e-6), np.floor(high + 1e-6) + 1) * step + 0.0  # no -0

    def _number(self, image: np.ndarray, places: list, values: np.ndarray, outward: tuple[float, float]) -> None:
        for place, value in zip(places, values, strict=True):
            self._name(image, f'{value / 1000:g}', place, outward)

    def _name(self, image: np.ndarray, text: str, place: tuple, outward: tuple[float, float]) -> None:
        """Write beside a point, ``outward`` heights of a line away from it."""
        spot = self.project(np.array(place)) + np.array(outward) * self.text_height
        draw_text(image, text, spot, self.text_height, (INK,) * 3)

    def _line(self, image: np.ndarray, start: tuple, end: tuple, grey: int) -> None:
        first, last = np.round(self.project(np.array([start, end]))).astype(int).tolist()
        cv2.line(image, first, last, (grey,) * 3, 1, cv2.LINE_AA)
