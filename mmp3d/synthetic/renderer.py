"""Z-buffer renderer for posed people and boxes, with deferred shading: exact occlusion at every pixel.

Shapes: H x W image, S shapes, V visible body pixels, B boxes. Camera frame in mm, pixels with (0, 0) at the centre of
the first one. Colours BGR.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

import cv2
import numpy as np

from mmp3d.geometry.camera import Camera
from mmp3d.synthetic.body import LIPS, NUM_MATERIALS, HAIR
from mmp3d.synthetic.patterns import TILE, TILES
from mmp3d.synthetic.shapes import ELLIPSOID, PosedShapes

FAR = np.float32(1e9)
NEAREST_DEPTH = 150.0
BACKGROUND, FURNITURE = -1, -2


@dataclass
class Buffers:
    """What has been drawn so far.

    Args:
        depth: (H, W) float32 mm along the optical axis, ``FAR`` where nothing is.
        label: (H, W) int16 index of the shape in front, ``BACKGROUND`` or ``FURNITURE``.
        colour: (H, W, 3) uint8.
    """

    depth: np.ndarray
    label: np.ndarray
    colour: np.ndarray

    @classmethod
    def over(cls, background: np.ndarray) -> Buffers:
        """Empty buffers over a (H, W, 3) background picture, which is drawn on."""
        shape = background.shape[:2]
        return cls(np.full(shape, FAR), np.full(shape, BACKGROUND, np.int16), background)

    def copy(self) -> Buffers:
        return Buffers(self.depth.copy(), self.label.copy(), self.colour.copy())


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


def draw_shapes(buffers: Buffers, camera: Camera, shapes: PosedShapes) -> None:
    """Write depth and label of every shape where it is nearer than what the buffers hold."""
    fx, fy, cx, cy = camera.K[[0, 1, 0, 1], [0, 1, 2, 2]]
    reach = np.where(shapes.kind == ELLIPSOID, 0.0, 1.0)[:, None]
    extent = np.where(reach > 0, shapes.size[:, :2].max(1, keepdims=True), np.sqrt(((shapes.frame * shapes.size[:, None]) ** 2).sum(-1)))
    low, high = np.minimum(shapes.start, shapes.end) - extent, np.maximum(shapes.start, shapes.end) + extent
    near = np.maximum(low[:, 2], 1)
    corners = np.stack([low[:, 0] / near, low[:, 0] / high[:, 2], high[:, 0] / near, high[:, 0] / high[:, 2],
                        low[:, 1] / near, low[:, 1] / high[:, 2], high[:, 1] / near, high[:, 1] / high[:, 2]])  # fmt: skip
    height, width = buffers.depth.shape
    left = np.floor(np.clip(corners[:2].min(0) * fx + cx, 0, width)).astype(int)
    right = np.ceil(np.clip(corners[2:4].max(0) * fx + cx, -1, width - 1)).astype(int) + 1
    top = np.floor(np.clip(corners[4:6].min(0) * fy + cy, 0, height)).astype(int)
    bottom = np.ceil(np.clip(corners[6:].max(0) * fy + cy, -1, height - 1)).astype(int) + 1
    visible = (low[:, 2] > NEAREST_DEPTH) & (left < right) & (top < bottom)
    for index in np.flatnonzero(visible):
        window = slice(top[index], bottom[index]), slice(left[index], right[index])
        x = (np.arange(left[index], right[index], dtype=np.float32) - np.float32(cx)) / np.float32(fx)
        y = (np.arange(top[index], bottom[index], dtype=np.float32) - np.float32(cy))[:, None] / np.float32(fy)
        draw = _ellipsoid_depth if shapes.kind[index] == ELLIPSOID else _capsule_depth
        depth = draw(shapes, index, x, y)
        nearer = depth < buffers.depth[window]
        np.copyto(buffers.depth[window], depth, where=nearer)
        np.copyto(buffers.label[window], np.int16(index), where=nearer)


def _ellipsoid_depth(shapes: PosedShapes, index: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(h, w) mm where the rays (x, y, 1) enter an ellipsoid, ``FAR`` where they miss it; exact."""
    unit = shapes.frame[index].T / shapes.size[index][:, None]
    centre = unit @ shapes.start[index]
    middle = np.array([x[len(x) // 2], y[len(y) // 2, 0], 0], np.float64)
    basis = unit @ np.array([[1, 0, middle[0]], [0, 1, middle[1]], [0, 0, 1]])
    square = basis.T @ basis
    linear = basis.T @ centre
    discriminant = np.outer(linear, linear) - square * (centre @ centre - 1)
    x, y = x - np.float32(middle[0]), y - np.float32(middle[1])
    along = _linear(linear, x, y)
    root = _quadratic(discriminant, x, y)
    inside = root > 0
    np.maximum(root, 0, out=root)
    np.sqrt(root, out=root)
    along -= root
    along /= _quadratic(square, x, y)
    return np.where(inside, along, FAR)


def _linear(c: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    c = c.astype(np.float32)
    return c[0] * x + (c[1] * y + c[2])


def _quadratic(m: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    m = m.astype(np.float32)
    result = (2 * m[0, 1]) * x * y
    result += x * (m[0, 0] * x + 2 * m[0, 2])
    result += y * (m[1, 1] * y + 2 * m[1, 2]) + m[2, 2]
    return result


def _capsule_depth(shapes: PosedShapes, index: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(h, w) mm of the front of a tapered capsule, ``FAR`` beside it; limbs are seen as if along the optical axis."""
    (ax, ay, az), (bx, by, bz) = shapes.start[index], shapes.end[index]
    radii = shapes.size[index, :2]
    ax, ay, bx, by = (np.float32(value) for value in (ax / az, ay / az, bx / bz, by / bz))
    ra, rb, az, bz = (np.float32(value) for value in (radii[0] / az, radii[1] / bz, az, bz))
    dx, dy = bx - ax, by - ay
    square = max(dx * dx + dy * dy, np.float32(1e-12))
    x, y = x - ax, y - ay
    share = x * (dx / square) + y * (dy / square)
    np.maximum(share, 0, out=share)
    np.minimum(share, 1, out=share)
    gap = x - share * dx
    gap *= gap
    other = y - share * dy
    other *= other
    gap += other
    radius = share * (rb - ra)
    radius += ra
    radius *= radius
    radius -= gap
    inside = radius > 0
    np.maximum(radius, 0, out=radius)
    np.sqrt(radius, out=radius)
    share *= bz - az
    share += az
    radius *= share
    share -= radius
    return np.where(inside, share, FAR)


def shade(buffers: Buffers, camera: Camera, shapes: PosedShapes, materials: Materials, light: Light) -> None:
    """Colour every pixel that shows a body: cloth pattern, face, lamp."""
    flat = np.flatnonzero(buffers.label.ravel() >= 0)
    if flat.size == 0:
        return
    label = buffers.label.ravel()[flat]
    table = _shading_table(shapes, light)[:, label]
    local = _local_points(buffers, camera, flat, table)
    normal = local * table[12:15]
    normal /= np.sqrt((normal * normal).sum(0)) + np.float32(1e-9)
    lambert = (normal * table[15:18]).sum(0)
    facing = (normal * table[18:21]).sum(0)
    level = light.ambient + light.diffuse * np.maximum(lambert, 0) + np.float32(0.22) * np.maximum(facing, 0)
    colour = _albedo(shapes, materials, label, local)
    colour *= level[:, None] * (255 * light.tint.astype(np.float32))
    buffers.colour.reshape(-1, 3)[flat] = np.minimum(colour, 255).astype(np.uint8)


def _shading_table(shapes: PosedShapes, light: Light) -> np.ndarray:
    """(21, S) float32: start, camera-to-local rotation, normal weights, lamp and view direction in the local frame."""
    to_local = shapes.frame.transpose(0, 2, 1)
    ellipsoid = (shapes.kind == ELLIPSOID)[:, None]
    weights = np.where(ellipsoid, 1 / np.maximum(shapes.size, 1) ** 2, np.array([1, 0, 1]) / 1000)
    view = -shapes.start / np.linalg.norm(shapes.start, axis=1, keepdims=True)
    columns = [
        shapes.start,
        to_local.reshape(-1, 9),
        weights * 1000,
        to_local @ light.direction,
        np.einsum('sij,sj->si', to_local, view),
    ]
    return np.ascontiguousarray(np.concatenate(columns, axis=1).T, np.float32)


def _local_points(buffers: Buffers, camera: Camera, flat: np.ndarray, table: np.ndarray) -> np.ndarray:
    """(3, V) mm: the visible body points in the frame of their shape."""
    fx, fy, cx, cy = (np.float32(value) for value in camera.K[[0, 1, 0, 1], [0, 1, 2, 2]])
    rows, columns = np.divmod(flat, buffers.depth.shape[1])
    z = buffers.depth.ravel()[flat]
    x = (columns.astype(np.float32) - cx) * z / fx - table[0]
    y = (rows.astype(np.float32) - cy) * z / fy - table[1]
    z = z - table[2]
    return np.stack([table[3 + 3 * row] * x + table[4 + 3 * row] * y + table[5 + 3 * row] * z for row in range(3)])


def _albedo(shapes: PosedShapes, materials: Materials, label: np.ndarray, local: np.ndarray) -> np.ndarray:
    """(V, 3) float32 cloth, skin and hair colour 0..1."""
    split = shapes.split.astype(np.float32)[label]
    material = shapes.material.astype(np.int32).ravel()[2 * label.astype(np.int32) + (local[1] > split)]
    scale = (TILE / materials.period).astype(np.float32)[material]
    u = ((local[0] + np.float32(0.7) * local[2]) * scale).astype(np.int32) & (TILE - 1)
    v = (local[1] * scale).astype(np.int32) & (TILE - 1)
    mix = TILES.ravel()[(materials.pattern.astype(np.int32)[material] * TILE + v) * TILE + u]
    first, second = materials.colours[:, 0], materials.colours[:, 1]
    colour = first[material] + (second - first)[material] * mix[:, None]
    _paint_faces(colour, shapes, materials, label, local)
    return colour


def _paint_faces(colour: np.ndarray, shapes: PosedShapes, materials: Materials, label: np.ndarray, local: np.ndarray) -> None:
    """Eyes, brows and mouth on the front of the head, so that the picture tells front from back, left from right."""
    pixels = np.flatnonzero(shapes.is_head[label])
    if pixels.size == 0:
        return
    head = label[pixels]
    x, y, z = local[:, pixels] / shapes.size[head].T
    front = z > 0.2
    side = np.abs(x)
    eyes = front & ((side - 0.42) ** 2 * 1.2 + (y + 0.08) ** 2 * 4 < 0.04)
    brows = front & (np.abs(side - 0.42) < 0.24) & (np.abs(y + 0.24) < 0.035)
    mouth = front & (side < 0.34) & (np.abs(y - 0.48) < 0.055)
    base = shapes.owner[head] * NUM_MATERIALS
    colour[pixels[brows]] = materials.colours[base[brows] + HAIR, 0]
    colour[pixels[mouth]] = materials.colours[base[mouth] + LIPS, 0]
    colour[pixels[eyes]] = 0.06


def draw_box(buffers: Buffers, camera: Camera, corners: np.ndarray, face_colours: np.ndarray, texture: np.ndarray) -> None:
    """Draw a box with z-test.

    Args:
        buffers: Buffers to draw on.
        camera: The camera.
        corners: (8, 3) mm in the camera frame, corner i at the bits (x, y, z) of i.
        face_colours: (6, 3) BGR 0..255.
        texture: (H, W) float32 factor of the colour.
    """
    if corners[:, 2].min() < NEAREST_DEPTH:
        return
    pixels = camera.project(corners)
    centre = corners.mean(0)
    for face, colour in zip(_BOX_FACES, face_colours):
        normal = np.cross(corners[face[1]] - corners[face[0]], corners[face[2]] - corners[face[0]])
        normal *= np.sign(normal @ (corners[face[0]] - centre))
        if normal @ corners[face[0]] < 0:
            _draw_face(buffers, camera, pixels[face], normal, float(normal @ corners[face[0]]), colour, texture)


_BOX_FACES = np.array([[0, 1, 3, 2], [4, 5, 7, 6], [0, 1, 5, 4], [2, 3, 7, 6], [0, 2, 6, 4], [1, 3, 7, 5]])


def _draw_face(buffers, camera, polygon, normal, offset, colour, texture) -> None:
    height, width = buffers.depth.shape
    (left, top), (right, bottom) = _window(polygon, width, height)
    if left >= right or top >= bottom:
        return
    window = slice(top, bottom), slice(left, right)
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillConvexPoly(mask, np.round(polygon - (left, top)).astype(np.int32), 1)
    plane = normal @ np.linalg.inv(camera.K)
    x, y = np.arange(left, right, dtype=np.float32), np.arange(top, bottom, dtype=np.float32)[:, None]
    inverse = _linear(plane / offset, x, y)
    depth = np.where((mask > 0) & (inverse > 1e-6), 1 / np.maximum(inverse, 1e-6), FAR).astype(np.float32)
    nearer = depth < buffers.depth[window]
    np.copyto(buffers.depth[window], depth, where=nearer)
    np.copyto(buffers.label[window], np.int16(FURNITURE), where=nearer)
    shaded = np.clip(texture[window][..., None] * colour, 0, 255).astype(np.uint8)
    cv2.copyTo(shaded, nearer.astype(np.uint8), buffers.colour[window])


def _window(polygon: np.ndarray, width: int, height: int) -> Tuple[np.ndarray, np.ndarray]:
    limits = np.array([width, height])
    low = np.clip(np.floor(polygon.min(0)), 0, limits).astype(int)
    return low, np.clip(np.ceil(polygon.max(0)) + 1, 0, limits).astype(int)
