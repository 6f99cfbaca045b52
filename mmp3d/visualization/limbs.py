"""People as coloured stick figures: one colour a person, a light shade for left limbs and a dark one for right limbs.

Shapes: N people, K joints, L limbs. Points in px of the picture that is drawn on; colours RGB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

LEFT, MIDDLE, RIGHT = range(3)
# How far the shades of left, middle and right go from the person's colour: towards white, not at all, towards black.
SHADE_TARGETS = ((255, 0.5), (0, 0.0), (0, 0.4))
PERSON_COLOURS = (
    (230, 65, 55), (40, 120, 230), (35, 165, 75), (245, 150, 20), (150, 70, 205), (0, 170, 185), (225, 60, 150),
    (140, 150, 20), (120, 90, 60), (95, 105, 235), (240, 110, 90), (70, 130, 120))  # fmt: skip
SUBPIXEL_BITS = 4
OFF_PICTURE = 1e5

Colour = tuple[int, int, int]


def person_colours(track_ids: np.ndarray | Sequence[int] | None, count: int) -> list[Colour]:
    """A colour for each of ``count`` people: by track id where known (not negative), else by place in the list."""
    keys = np.arange(count)
    if track_ids is not None:
        track_ids = np.asarray(track_ids, int)
        keys = np.where(track_ids >= 0, track_ids, keys)
    return [PERSON_COLOURS[key % len(PERSON_COLOURS)] for key in keys]


@dataclass(frozen=True)
class Limbs:
    """Which joints are linked, and on which side of the body.

    Args:
        links: (L, 2) joint indices.
        link_sides: (L,) ``LEFT``, ``MIDDLE`` or ``RIGHT``.
        joint_sides: (K,) the same for joints.
    """

    links: np.ndarray
    link_sides: np.ndarray
    joint_sides: np.ndarray

    @classmethod
    def from_meta(cls, dataset_meta: Mapping) -> Limbs:
        """From mmpose dataset metainfo: ``keypoint_name2id`` and ``skeleton_links``."""
        ids = dataset_meta['keypoint_name2id']
        joint_sides = np.full(max(ids.values(), default=-1) + 1, MIDDLE)
        for name, index in ids.items():
            joint_sides[index] = _side(name)
        links = np.asarray(dataset_meta.get('skeleton_links', ()), int).reshape(-1, 2)
        ends = joint_sides[links]
        left, right = (ends == LEFT).any(axis=1), (ends == RIGHT).any(axis=1)
        link_sides = np.where(left & ~right, LEFT, np.where(right & ~left, RIGHT, MIDDLE))
        return cls(links, link_sides, joint_sides)


def _side(name: str) -> int:
    if name.startswith('left'):
        return LEFT
    return RIGHT if name.startswith('right') else MIDDLE


def draw_person(
    image: np.ndarray, points: np.ndarray, shown: np.ndarray, limbs: Limbs, colour: Colour, width: int, radius: int
) -> None:
    """Draw one person in place.

    Args:
        image: (H, W, 3) uint8 RGB.
        points: (K, 2) px; a joint that is not finite is left out, whatever ``shown`` says.
        shown: (K,) bool; a limb is drawn where both its joints are shown.
        limbs: Joint set of the points.
        colour: Of the person.
        width: Of a limb, px.
        radius: Of a joint, px.
    """
    shown, drawn, segments = _segments(points, shown, limbs)
    dots = np.repeat(_cells(points)[:, None], 2, axis=1)  # a line of no length and round ends is a dot
    for side, shade in enumerate(limb_shades(colour)):
        _draw_lines(image, segments[drawn & (limbs.link_sides == side)], shade, width)
    for side, shade in enumerate(limb_shades(colour)):
        _draw_lines(image, dots[shown & (limbs.joint_sides == side)], shade, 2 * radius)


def draw_shadow(image: np.ndarray, points: np.ndarray, limbs: Limbs, grey: int, width: int) -> None:
    """Draw the limbs between finite ``points`` (K, 2) px in one grey, in place."""
    _, drawn, segments = _segments(points, np.ones(len(points), bool), limbs)
    _draw_lines(image, segments[drawn], (grey,) * 3, width)


def _segments(points: np.ndarray, shown: np.ndarray, limbs: Limbs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which joints and which limbs can be drawn, and the limbs' ends (L, 2, 2)."""
    shown = shown & np.isfinite(points).all(axis=-1)
    return shown, shown[limbs.links].all(axis=1), _cells(points)[limbs.links]


def _cells(points: np.ndarray) -> np.ndarray:
    # Of a number and NaN these take the number; a seventh of the time of nan_to_num and clip for so few points.
    inside = np.fmin(np.fmax(points, -OFF_PICTURE), OFF_PICTURE)
    return np.round(inside * 2**SUBPIXEL_BITS).astype(np.int32)


def limb_shades(colour: Colour) -> list[Colour]:
    """The shades of left, middle and right limbs of a person of this colour."""
    return [tuple(int(channel + (target - channel) * amount) for channel in colour) for target, amount in SHADE_TARGETS]


def _draw_lines(image: np.ndarray, segments: np.ndarray, colour: Colour, width: int) -> None:
    if len(segments):
        cv2.polylines(image, list(segments), False, colour, max(int(width), 1), cv2.LINE_AA, SUBPIXEL_BITS)
