"""Which points of people a drawn scene shows, and whose body each of its pixels shows.

Shapes: N people, P points a person, S shapes, H x W image. Camera frame in mm; pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmp3d.geometry.camera import Camera
from mmp3d.synthetic.shapes import PosedShapes
from mmp3d.synthetic.zbuffer import BACKGROUND, FURNITURE, Buffers

# mm that a person's own surface may lie in front of a point on it: hair over an ear, not the skull before an eye.
OWN_COVER = 20.0


@dataclass(frozen=True)
class Sight:
    """Points as the picture shows them.

    Args:
        pixels: (N, P, 2) px; may lie outside of the picture.
        inside: (N, P) bool, inside of the picture.
        occluded: (N, P) bool, inside and hidden by another person or furniture.
        self_occluded: (N, P) bool, inside and further behind the person's own surface than that may cover.
    """

    pixels: np.ndarray
    inside: np.ndarray
    occluded: np.ndarray
    self_occluded: np.ndarray


def find_sight(
    buffers: Buffers,
    camera: Camera,
    points: np.ndarray,
    shapes: PosedShapes | None,
    own_cover: float | np.ndarray = OWN_COVER,
) -> Sight:
    """Look points up in the drawn scene.

    Args:
        buffers: The drawn scene.
        camera: The camera.
        points: (N, P, 3) mm, camera frame.
        shapes: The shapes whose indices the buffers hold; None for nobody.
        own_cover: mm, or (N, P) mm, that a person's own surface may lie in front of a point and not hide it.
    """
    pixels, depth = camera.project(points), points[..., 2]
    size = np.array(camera.image_size)
    inside = ((pixels >= -0.5) & (pixels < size - 0.5)).all(-1)
    column, row = np.clip(np.round(np.nan_to_num(pixels)), 0, size - 1).astype(int).transpose(2, 0, 1)
    owner, nearness = owners(buffers.label[row, column], shapes), buffers.nearness[row, column]
    own = owner == np.arange(len(points))[:, None]
    return Sight(
        pixels,
        inside,
        inside & (owner != BACKGROUND) & ~own & (nearness * depth > 1),
        inside & own & (nearness * (depth - own_cover) > 1),
    )


def owners(label: np.ndarray, shapes: PosedShapes | None) -> np.ndarray:
    """(...) indices of shapes to (...) int16 indices of people; ``BACKGROUND`` and ``FURNITURE`` stay."""
    people = np.zeros(0) if shapes is None else shapes.owner
    return np.append(people, (FURNITURE, BACKGROUND)).astype(np.int16)[label]
