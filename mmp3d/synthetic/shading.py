"""Deferred shading of drawn bodies: cloth patterns, faces and a lamp, at the visible pixels only.

Shapes: H x W image, S shapes, V visible body pixels, M materials. Camera frame in mm. Colours BGR.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmp3d.geometry.camera import Camera
from mmp3d.synthetic.body import HAIR, LIPS, NUM_MATERIALS
from mmp3d.synthetic.face import EYE_HEIGHT, EYE_SIDE
from mmp3d.synthetic.patterns import TILE, TILES
from mmp3d.synthetic.shapes import ELLIPSOID, PosedShapes
from mmp3d.synthetic.zbuffer import Buffers

_HEADLIGHT = np.float32(0.22)


@dataclass(frozen=True)
class Materials:
    """Tables over all materials: (M, 2, 3) colours, (M,) pattern, (M,) period in mm."""

    colours: np.ndarray
    pattern: np.ndarray
    period: np.ndarray


@dataclass(frozen=True)
class Light:
    """A distant lamp: (3,) unit direction towards it in the camera frame, ambient and diffuse share, (3,) BGR tint."""

    direction: np.ndarray
    ambient: float
    diffuse: float
    tint: np.ndarray


def shade(buffers: Buffers, camera: Camera, shapes: PosedShapes, materials: Materials, light: Light) -> None:
    """Colour every pixel that shows a body: cloth pattern, face, lamp."""
    flat = np.flatnonzero(buffers.label.ravel() >= 0)
    if flat.size == 0:
        return
    label = buffers.label.ravel().take(flat).astype(np.intp)
    local, level = _local_points_and_light(buffers, camera, shapes, light, flat, label)
    colour = _albedo(shapes, materials, label, local)
    pixels = np.empty((len(flat), 3), np.uint8)
    for channel, tint in enumerate(light.tint.astype(np.float32)):
        pixels[:, channel] = np.minimum(colour[channel] * level * (255 * tint), 255)
    buffers.colour.reshape(-1, 3).view('V3')[flat] = pixels.view('V3')


def _local_points_and_light(
    buffers: Buffers, camera: Camera, shapes: PosedShapes, light: Light, flat: np.ndarray, label: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Points in the frame of their shape and how brightly they are lit.

    Args:
        buffers, camera, shapes, light: The drawn scene.
        flat: (V,) flat pixel indices. label: (V,) shape index.

    Returns:
        (3, V) mm and (V,) factor of the colour.
    """
    table = [column.take(label) for column in _shading_table(shapes, light)]
    x, y, z = (point - start for point, start in zip(_points(buffers, camera, flat), table[:3], strict=True))
    local = np.stack([table[row] * x + table[row + 1] * y + table[row + 2] * z for row in (3, 6, 9)])
    normal = [weight * axis for weight, axis in zip(table[12:15], local, strict=True)]
    lambert = normal[0] * table[15] + normal[1] * table[16] + normal[2] * table[17]
    facing = normal[0] * table[18] + normal[1] * table[19] + normal[2] * table[20]
    length = np.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2) + np.float32(1e-9)
    lit = light.diffuse * np.maximum(lambert, 0) + _HEADLIGHT * np.maximum(facing, 0)
    return local, light.ambient + lit / length


def _shading_table(shapes: PosedShapes, light: Light) -> np.ndarray:
    """(21, S) float32: start, camera-to-local rotation, normal weights, lamp and view direction in the local frame."""
    to_local = shapes.frame.transpose(0, 2, 1)
    ellipsoid = (shapes.kind == ELLIPSOID)[:, None]
    weights = np.where(ellipsoid, 1000 / np.maximum(shapes.size, 1) ** 2, np.array([1, 0, 1]))
    view = -shapes.start / np.linalg.norm(shapes.start, axis=1, keepdims=True)
    toward_camera = np.einsum('sij,sj->si', to_local, view)
    columns = [shapes.start, to_local.reshape(-1, 9), weights, to_local @ light.direction, toward_camera]
    return np.ascontiguousarray(np.concatenate(columns, axis=1).T, np.float32)


def _points(buffers: Buffers, camera: Camera, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y, z (V,) mm of the points that the pixels with flat indices (V,) show, in the camera frame."""
    fx, fy, cx, cy = (np.float32(value) for value in camera.K[[0, 1, 0, 1], [0, 1, 2, 2]])
    flat = flat.astype(np.int32)
    width = buffers.nearness.shape[1]
    row = flat // width
    z = 1 / buffers.nearness.ravel().take(flat)
    column = (flat - row * width).astype(np.float32)
    return (column - cx) * z / fx, (row.astype(np.float32) - cy) * z / fy, z


def _albedo(shapes: PosedShapes, materials: Materials, label: np.ndarray, local: np.ndarray) -> np.ndarray:
    """(3, V) float32 cloth, skin and hair colour 0..1, channel first."""
    x, y, z = local
    material = shapes.material.ravel().take(2 * label + (y > shapes.split.astype(np.float32).take(label)))
    scale = (TILE / materials.period).astype(np.float32).take(material)
    u = ((x + np.float32(0.7) * z) * scale).astype(np.int32) & (TILE - 1)
    v = (y * scale).astype(np.int32) & (TILE - 1)
    mix = TILES.ravel().take((materials.pattern.astype(np.int32).take(material) * TILE + v) * TILE + u)
    first, second = np.ascontiguousarray(materials.colours.transpose(1, 2, 0))
    colour = np.stack(
        [low.take(material) + step.take(material) * mix for low, step in zip(first, second - first, strict=True)]
    )
    _paint_faces(colour, shapes, materials, label, local)
    return colour


def _paint_faces(
    colour: np.ndarray, shapes: PosedShapes, materials: Materials, label: np.ndarray, local: np.ndarray
) -> None:
    """Eyes, brows and mouth on the front of the head, so that the picture tells front from back, left from right."""
    pixels = np.flatnonzero(shapes.is_head.take(label))
    if pixels.size == 0:
        return
    head = label[pixels]
    x, y, z = local[:, pixels] / shapes.size[head].T
    front = z > 0.2
    side = np.abs(x)
    eyes = front & ((side - EYE_SIDE) ** 2 * 1.2 + (y - EYE_HEIGHT) ** 2 * 4 < 0.04)
    brows = front & (np.abs(side - EYE_SIDE) < 0.24) & (np.abs(y + 0.24) < 0.035)
    mouth = front & (side < 0.34) & (np.abs(y - 0.48) < 0.055)
    base = shapes.owner[head] * NUM_MATERIALS
    colour[:, pixels[brows]] = materials.colours[base[brows] + HAIR, 0].T
    colour[:, pixels[mouth]] = materials.colours[base[mouth] + LIPS, 0].T
    colour[:, pixels[eyes]] = 0.06
