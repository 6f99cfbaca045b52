"""Z-buffer for ellipsoids, tapered capsules and boxes: exact visibility at every pixel.

Shapes: H x W image, S shapes, (h, w) a window of the image. Camera frame in mm, pixels with (0, 0) at the centre of the
first one. The buffer holds nearness, 1 / depth: it is linear in the picture on a plane and needs no division.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mmp3d.geometry.camera import Camera
from mmp3d.synthetic.shapes import ELLIPSOID, PosedShapes

NEAREST_DEPTH = 150.0
BACKGROUND, FURNITURE = -1, -2
_LEAST_DEPTH = 1.0


@dataclass
class Buffers:
    """What has been drawn so far.

    Args:
        nearness: (H, W) float32, 1 / (mm along the optical axis), 0 where nothing is.
        label: (H, W) int16 index of the shape in front, ``BACKGROUND`` or ``FURNITURE``.
        colour: (H, W, 3) uint8 BGR.
    """

    nearness: np.ndarray
    label: np.ndarray
    colour: np.ndarray

    @classmethod
    def over(cls, background: np.ndarray) -> Buffers:
        """Empty buffers over a (H, W, 3) background picture, which is drawn on."""
        shape = background.shape[:2]
        return cls(np.zeros(shape, np.float32), np.full(shape, BACKGROUND, np.int16), background)

    def copy(self) -> Buffers:
        """Independent copy."""
        return Buffers(self.nearness.copy(), self.label.copy(), self.colour.copy())


def draw_shapes(buffers: Buffers, camera: Camera, shapes: PosedShapes) -> None:
    """Write nearness and label of every shape where it is nearer than what the buffers hold."""
    fx, fy, cx, cy = (np.float32(value) for value in camera.K[[0, 1, 0, 1], [0, 1, 2, 2]])
    columns = (np.arange(buffers.nearness.shape[1], dtype=np.float32) - cx) / fx
    rows = (np.arange(buffers.nearness.shape[0], dtype=np.float32)[:, None] - cy) / fy
    ellipsoid = shapes.kind == ELLIPSOID
    coefficients = np.where(ellipsoid[:, None], _ellipsoid_coefficients(shapes), _capsule_coefficients(shapes)).tolist()
    windows = _windows(buffers, camera, shapes)
    for index in np.flatnonzero((windows[:, :2] < windows[:, 2:]).all(axis=1)).tolist():
        left, top, right, bottom = windows[index].tolist()
        measure = _ellipsoid_nearness if ellipsoid[index] else _capsule_nearness
        nearness, inside = measure(coefficients[index], columns[left:right], rows[top:bottom])
        _write(buffers, (slice(top, bottom), slice(left, right)), nearness, inside, index)


def _write(buffers: Buffers, window: tuple, nearness: np.ndarray, inside: np.ndarray, label: int) -> np.ndarray:
    """Z-test of one surface; returns the (h, w) uint8 mask of the pixels that it won."""
    won = nearness > buffers.nearness[window]
    won &= inside
    won = won.view(np.uint8)
    cv2.copyTo(nearness, won, buffers.nearness[window])
    cv2.copyTo(np.full(won.shape, label, np.int16), won, buffers.label[window])
    return won


def extents(camera: Camera, shapes: PosedShapes) -> np.ndarray:
    """(S, 4) px left, top, right, bottom that hold each shape; not clipped to the picture."""
    half_axes = np.linalg.norm(shapes.frame * shapes.size[:, None], axis=-1)
    ball = shapes.size[:, :2].max(axis=1, keepdims=True)
    reach = np.where((shapes.kind == ELLIPSOID)[:, None], half_axes, ball)
    low, high = np.minimum(shapes.start, shapes.end) - reach, np.maximum(shapes.start, shapes.end) + reach
    near, far = np.maximum(low[:, 2:], _LEAST_DEPTH), np.maximum(high[:, 2:], _LEAST_DEPTH)
    focal, principal = camera.K[[0, 1], [0, 1]], camera.K[:2, 2]
    first = np.minimum(low[:, :2] / near, low[:, :2] / far) * focal + principal
    last = np.maximum(high[:, :2] / near, high[:, :2] / far) * focal + principal
    return np.hstack([first, last])


def _windows(buffers: Buffers, camera: Camera, shapes: PosedShapes) -> np.ndarray:
    """(S, 4) pixel ranges left, top, right, bottom of every shape; empty where it is outside or at the camera."""
    first, last = np.hsplit(extents(camera, shapes), 2)
    size = np.array(buffers.nearness.shape[::-1])
    windows = np.hstack([np.clip(np.floor(first), 0, size), np.clip(np.ceil(last) + 1, 0, size)])
    front = np.minimum(shapes.start[:, 2], shapes.end[:, 2]) - shapes.size.max(axis=1)
    return np.where(front[:, None] > NEAREST_DEPTH, windows, 0).astype(int)


def _ellipsoid_coefficients(shapes: PosedShapes) -> np.ndarray:
    """(S, 11): centre ray x, y; discriminant xx, 2xy, yy, 2x, 2y, 1; linear part x, y, 1, about the centre ray.

    A ray r meets the ellipsoid ``|U (r / n - C)| = 1`` at the nearness n with ``c n^2 - 2 b n + a = 0``, where
    ``a = |U r|^2``, ``b = (U r) . (U C)`` and ``c = |U C|^2 - 1``; the greater root is the front.
    """
    unit = shapes.frame.transpose(0, 2, 1) / np.maximum(shapes.size, 1e-3)[..., None]
    centre = np.einsum('sij,sj->si', unit, shapes.start)
    scale = np.maximum((centre**2).sum(-1) - 1, 1e-9)
    basis = unit / scale[:, None, None]
    middle = shapes.start[:, :2] / np.maximum(shapes.start[:, 2:], _LEAST_DEPTH)
    basis[..., 2] += np.einsum('sij,sj->si', basis[..., :2], middle)
    linear = np.einsum('sji,sj->si', basis, centre)
    d = linear[:, :, None] * linear[:, None] - basis.transpose(0, 2, 1) @ basis * scale[:, None, None]
    quadratic = d[:, 0, 0], 2 * d[:, 0, 1], d[:, 1, 1], 2 * d[:, 0, 2], 2 * d[:, 1, 2], d[:, 2, 2]
    return np.column_stack([middle, *quadratic, linear])


def _ellipsoid_nearness(coefficients: list, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) 1 / mm where the rays (x, y, 1) enter an ellipsoid, and which ones do."""
    middle_x, middle_y, xx, xy, yy, x1, y1, one, along_x, along_y, along = coefficients
    x, y = x - middle_x, y - middle_y
    root = (xy * x) * y
    root += x * (xx * x + x1)
    root += y * (yy * y + y1) + one
    inside = root > 0
    np.maximum(root, 0, out=root)
    np.sqrt(root, out=root)
    root += along_x * x
    root += along_y * y + along
    return root, inside


def _capsule_coefficients(shapes: PosedShapes) -> np.ndarray:
    """(S, 11): start ray x, y; axis x, y; its inverse square; radius at the start and its growth; nearness likewise."""
    near_start, near_end = (1 / np.maximum(points[:, 2], _LEAST_DEPTH) for points in (shapes.start, shapes.end))
    start, end = shapes.start[:, :2] * near_start[:, None], shapes.end[:, :2] * near_end[:, None]
    axis = end - start
    inverse = 1 / np.maximum((axis**2).sum(-1), 1e-12)
    first, last = shapes.size[:, 0] * near_start, shapes.size[:, 1] * near_end
    rest = inverse, first, last - first, near_start, near_end - near_start, np.zeros_like(first), np.zeros_like(first)
    return np.column_stack([start, axis, *rest])


def _capsule_nearness(coefficients: list, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) 1 / mm of the front of a tapered capsule, and which rays hit it; weak perspective across the limb."""
    start_x, start_y, dx, dy, inverse, thick, thicker, near, nearer = coefficients[:9]
    x, y = x - start_x, y - start_y
    share = x * (dx * inverse) + y * (dy * inverse)
    np.maximum(share, 0, out=share)
    np.minimum(share, 1, out=share)
    gap = x - share * dx
    gap *= gap
    other = y - share * dy
    other *= other
    gap += other
    bulge = share * thicker
    bulge += thick
    bulge *= bulge
    bulge -= gap
    inside = bulge > 0
    np.maximum(bulge, 0, out=bulge)
    np.sqrt(bulge, out=bulge)
    share *= nearer
    share += near
    bulge *= share
    share += bulge
    return share, inside


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
    height, width = buffers.nearness.shape
    (left, top), (right, bottom) = _window(polygon, width, height)
    if left >= right or top >= bottom:
        return
    window = slice(top, bottom), slice(left, right)
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillConvexPoly(mask, np.round(polygon - (left, top)).astype(np.int32), 1)
    plane = normal @ np.linalg.inv(camera.K)
    x, y = np.arange(left, right, dtype=np.float32), np.arange(top, bottom, dtype=np.float32)[:, None]
    along_x, along_y, along = (plane / offset).tolist()
    won = _write(buffers, window, along_x * x + (along_y * y + along), mask > 0, FURNITURE)
    ramp = np.clip(np.linspace(0.75, 1.25, 256)[:, None] * colour, 0, 255).astype(np.uint8)[:, None]
    cv2.copyTo(cv2.applyColorMap(texture[window], ramp), won, buffers.colour[window])


def _window(polygon: np.ndarray, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    limits = np.array([width, height])
    low = np.clip(np.floor(polygon.min(0)), 0, limits).astype(int)
    return low, np.clip(np.ceil(polygon.max(0)) + 1, 0, limits).astype(int)
