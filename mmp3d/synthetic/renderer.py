"""Z-buffer renderer for posed people and boxes, with deferred shading: exact occlusion at every pixel.

Shapes: H x W image, S shapes, V visible body pixels, B boxes. Camera frame in mm, pixels with (0, 0) at the centre of
the first one. Colours BGR.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mmp3d.geometry.camera import Camera
from mmp3d.synthetic.body import HAIR, LIPS, NUM_MATERIALS
from mmp3d.synthetic.patterns import TILE, TILES
from mmp3d.synthetic.shapes import ELLIPSOID, PosedShapes

FAR = np.float32(1e9)
NEAREST_DEPTH = 150.0
BACKGROUND, FURNITURE = -1, -2
_HEADLIGHT = np.float32(0.22)


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
    fx, fy, cx, cy = (np.float32(value) for value in camera.K[[0, 1, 0, 1], [0, 1, 2, 2]])
    columns = (np.arange(buffers.depth.shape[1], dtype=np.float32) - cx) / fx
    rows = (np.arange(buffers.depth.shape[0], dtype=np.float32)[:, None] - cy) / fy
    for index, (left, top, right, bottom) in enumerate(_windows(buffers, camera, shapes).tolist()):
        if left >= right or top >= bottom:
            continue
        window = slice(top, bottom), slice(left, right)
        measure = _ellipsoid_depth if shapes.kind[index] == ELLIPSOID else _capsule_depth
        depth, inside = measure(shapes, index, columns[left:right], rows[top:bottom])
        _write(buffers, window, depth, inside, index)


def _write(buffers: Buffers, window: tuple, depth: np.ndarray, inside: np.ndarray, label: int) -> np.ndarray:
    """Z-test of one surface; returns the (h, w) uint8 mask of the pixels that it won."""
    won = depth < buffers.depth[window]
    won &= inside
    won = won.view(np.uint8)
    cv2.copyTo(depth, won, buffers.depth[window])
    cv2.copyTo(np.full(won.shape, label, np.int16), won, buffers.label[window])
    return won


def _windows(buffers: Buffers, camera: Camera, shapes: PosedShapes) -> np.ndarray:
    """(S, 4) pixel ranges left, top, right, bottom of every shape; empty where it is outside or at the camera."""
    half_axes = np.linalg.norm(shapes.frame * shapes.size[:, None], axis=-1)
    ball = shapes.size[:, :2].max(axis=1, keepdims=True)
    extent = np.where((shapes.kind == ELLIPSOID)[:, None], half_axes, ball)
    low, high = np.minimum(shapes.start, shapes.end) - extent, np.maximum(shapes.start, shapes.end) + extent
    near, far = np.maximum(low[:, 2:], 1), np.maximum(high[:, 2:], 1)
    first = np.minimum(low[:, :2] / near, low[:, :2] / far) * camera.K[[0, 1], [0, 1]] + camera.K[:2, 2]
    last = np.maximum(high[:, :2] / near, high[:, :2] / far) * camera.K[[0, 1], [0, 1]] + camera.K[:2, 2]
    size = np.array(buffers.depth.shape[::-1])
    first, last = np.clip(np.floor(first), 0, size), np.clip(np.ceil(last) + 1, 0, size)
    return np.where(low[:, 2:] > NEAREST_DEPTH, np.hstack([first, last]), 0).astype(int)


def _ellipsoid_depth(shapes: PosedShapes, index: int, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) mm where the rays (x, y, 1) enter an ellipsoid, and which ones do; exact."""
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
    return along, inside


def _linear(c: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    c = c.astype(np.float32)
    return c[0] * x + (c[1] * y + c[2])


def _quadratic(m: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    m = m.astype(np.float32)
    result = (2 * m[0, 1]) * x * y
    result += x * (m[0, 0] * x + 2 * m[0, 2])
    result += y * (m[1, 1] * y + 2 * m[1, 2]) + m[2, 2]
    return result


def _capsule_depth(shapes: PosedShapes, index: int, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) mm of the front of a tapered capsule, and which rays hit it; across the limb seen in weak perspective."""
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
    return share, inside


def shade(buffers: Buffers, camera: Camera, shapes: PosedShapes, materials: Materials, light: Light) -> None:
    """Colour every pixel that shows a body: cloth pattern, face, lamp."""
    flat = np.flatnonzero(buffers.label.ravel() >= 0)
    if flat.size == 0:
        return
    label = buffers.label.ravel().take(flat).astype(np.intp)
    table = _shading_table(shapes, light).take(label, axis=0)
    offset = _points(buffers, camera, flat) - table[:, :3]
    local = np.einsum('vj,vij->vi', offset, table[:, 3:12].reshape(-1, 3, 3))
    normal = local * table[:, 12:15]
    lambert, facing = np.einsum('vi,vai->av', normal, table[:, 15:21].reshape(-1, 2, 3))
    inverse = 1 / (np.sqrt(np.einsum('vi,vi->v', normal, normal)) + np.float32(1e-9))
    level = light.ambient + (light.diffuse * np.maximum(lambert, 0) + _HEADLIGHT * np.maximum(facing, 0)) * inverse
    colour = _albedo(shapes, materials, label, local)
    colour *= level[:, None] * (255 * light.tint.astype(np.float32))
    buffers.colour.reshape(-1, 3)[flat] = np.minimum(colour, 255).astype(np.uint8)


def _shading_table(shapes: PosedShapes, light: Light) -> np.ndarray:
    """(S, 21) float32: start, camera-to-local rotation, normal weights, lamp and view direction in the local frame."""
    to_local = shapes.frame.transpose(0, 2, 1)
    ellipsoid = (shapes.kind == ELLIPSOID)[:, None]
    weights = np.where(ellipsoid, 1000 / np.maximum(shapes.size, 1) ** 2, np.array([1, 0, 1]))
    view = -shapes.start / np.linalg.norm(shapes.start, axis=1, keepdims=True)
    toward_camera = np.einsum('sij,sj->si', to_local, view)
    columns = [shapes.start, to_local.reshape(-1, 9), weights, to_local @ light.direction, toward_camera]
    return np.concatenate(columns, axis=1).astype(np.float32)


def _points(buffers: Buffers, camera: Camera, flat: np.ndarray) -> np.ndarray:
    """(V, 3) mm: the points that the pixels with flat indices (V,) show, in the camera frame."""
    fx, fy, cx, cy = (np.float32(value) for value in camera.K[[0, 1, 0, 1], [0, 1, 2, 2]])
    flat = flat.astype(np.int32)
    width = buffers.depth.shape[1]
    row = flat // width
    points = np.empty((len(flat), 3), np.float32)
    points[:, 2] = z = buffers.depth.ravel().take(flat)
    points[:, 0] = ((flat - row * width) - cx) * z / fx
    points[:, 1] = (row - cy) * z / fy
    return points


def _albedo(shapes: PosedShapes, materials: Materials, label: np.ndarray, local: np.ndarray) -> np.ndarray:
    """(V, 3) float32 cloth, skin and hair colour 0..1."""
    x, y, z = local.T
    material = shapes.material.ravel().take(2 * label + (y > shapes.split.astype(np.float32).take(label)))
    scale = (TILE / materials.period).astype(np.float32).take(material)
    u = ((x + np.float32(0.7) * z) * scale).astype(np.int32) & (TILE - 1)
    v = (y * scale).astype(np.int32) & (TILE - 1)
    mix = TILES.ravel().take((materials.pattern.take(material) * TILE + v) * TILE + u)
    first, second = materials.colours[:, 0], materials.colours[:, 1]
    colour = (second - first).take(material, axis=0)
    colour *= mix[:, None]
    colour += first.take(material, axis=0)
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
    x, y, z = (local[pixels] / shapes.size[head]).T
    front = z > 0.2
    side = np.abs(x)
    eyes = front & ((side - 0.42) ** 2 * 1.2 + (y + 0.08) ** 2 * 4 < 0.04)
    brows = front & (np.abs(side - 0.42) < 0.24) & (np.abs(y + 0.24) < 0.035)
    mouth = front & (side < 0.34) & (np.abs(y - 0.48) < 0.055)
    base = shapes.owner[head] * NUM_MATERIALS
    colour[pixels[brows]] = materials.colours[base[brows] + HAIR, 0]
    colour[pixels[mouth]] = materials.colours[base[mouth] + LIPS, 0]
    colour[pixels[eyes]] = 0.06


def draw_box(
    buffers: Buffers, camera: Camera, corners: np.ndarray, face_colours: np.ndarray, texture: np.ndarray
) -> None:
    """Draw a box with z-test.

    Args:
        buffers: Buffers to draw on.
        camera: The camera.
        corners: (8, 3) mm in the camera frame, corner i at the bits (x, y, z) of i.
        face_colours: (6, 3) BGR 0..255.
        texture: (H, W) uint8 brightness, 128 for the plain colour.
    """
    if corners[:, 2].min() < NEAREST_DEPTH:
        return
    pixels = camera.project(corners)
    centre = corners.mean(0)
    for face, colour in zip(_BOX_FACES, face_colours, strict=True):
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
    depth = 1 / np.maximum(inverse, np.float32(1e-6))
    won = _write(buffers, window, depth, mask > 0, FURNITURE)
    ramp = np.clip(np.linspace(0.75, 1.25, 256)[:, None] * colour, 0, 255).astype(np.uint8)[:, None]
    cv2.copyTo(cv2.applyColorMap(texture[window], ramp), won, buffers.colour[window])


def _window(polygon: np.ndarray, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    limits = np.array([width, height])
    low = np.clip(np.floor(polygon.min(0)), 0, limits).astype(int)
    return low, np.clip(np.ceil(polygon.max(0)) + 1, 0, limits).astype(int)
