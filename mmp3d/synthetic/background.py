"""Background pictures: a floor in perspective, a wall or horizon behind it, and the shadows that people cast.

Shapes: H x W image. World frame: x right, y down with the floor at y = 0, z forward; millimetres. Colours BGR uint8.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mmp3d.geometry.camera import Camera
from mmp3d.synthetic.patterns import palette, smooth_noise

_FLOOR_TILE = 128
SHADOW_SCALE = 4
_WALL_ONLY = 0.12


def draw_background(rng: np.random.Generator, camera: Camera) -> np.ndarray:
    """(H, W, 3) picture of an empty place as the camera sees it."""
    width, height = camera.image_size
    edge = _wall_foot(rng, camera) if rng.random() > _WALL_ONLY else np.full(width, height)
    first, last = (int(np.clip(row, 0, height)) for row in (np.floor(edge.min()), np.ceil(edge.max())))
    picture = np.empty((height, width, 3), np.uint8)
    if first < height:
        picture[first:] = Floor.sample(rng).draw(camera, first)
    if last > 0:
        above = (np.arange(last)[:, None] < edge).astype(np.uint8)
        cv2.copyTo(draw_wall(rng, last, width), above, picture[:last])
    return picture


def _wall_foot(rng: np.random.Generator, camera: Camera) -> np.ndarray:
    """(W,) row in px at which a wall, somewhere behind the people and not quite frontal, stands on the floor."""
    distance, slant = rng.uniform(7500, 16000), rng.uniform(-1000, 1000)
    ends = np.array([[-5000.0, 0, distance - slant], [5000.0, 0, distance + slant]])
    (x0, y0), (x1, y1) = camera.project(camera.world_to_camera(ends))
    return y0 + (np.arange(camera.image_size[0]) - x0) * (y1 - y0) / (x1 - x0)


def draw_wall(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """(H, W, 3) noise of several scales in a random palette, with bricks, panels or clutter on it."""
    half = -(-height // 2), -(-width // 2)
    coarse = smooth_noise(rng, half, int(rng.integers(3, 10)))
    fine = smooth_noise(rng, half, int(rng.integers(15, 90)))
    share = rng.uniform(0.2, 1.0)
    grey = cv2.resize(cv2.addWeighted(coarse, share, fine, 1 - share, 0), (width, height))
    style = rng.integers(4)
    if style == 1:
        _draw_grid(rng, grey)
    picture = cv2.applyColorMap(grey, palette(rng, int(rng.integers(2, 6)), rng.uniform(0.15, 1.2)))
    if style >= 2:
        _draw_clutter(rng, picture, int(rng.integers(2, 16)))
    return picture


def _draw_grid(rng: np.random.Generator, grey: np.ndarray) -> None:
    """Joints between panels or bricks."""
    height, width = grey.shape
    pitch = int(rng.integers(14, 120))
    aspect = rng.uniform(0.4, 3)
    level = int(rng.integers(0, 256))
    for y in range(int(rng.integers(pitch)), height, pitch):
        cv2.line(grey, (0, y), (width, y), level, 1)
    for x in range(int(rng.integers(pitch)), width, max(8, int(pitch * aspect))):
        cv2.line(grey, (x, 0), (x, height), level, 1)


def _draw_clutter(rng: np.random.Generator, picture: np.ndarray, count: int) -> None:
    """Doors, posters, poles, foliage: rectangles, ellipses and lines that the network must not take for people."""
    height, width = picture.shape[:2]
    centres = rng.uniform(0, 1, (count, 2)) * (width, height * 0.8)
    sizes = np.exp(rng.uniform(np.log(6), np.log(width * 0.25), (count, 2)))
    colours = rng.uniform(0, 255, (count, 3))
    for centre, size, colour, kind in zip(centres, sizes, colours, rng.integers(0, 4, count), strict=True):
        low, high = (centre - size / 2).astype(int).tolist(), (centre + size / 2).astype(int).tolist()
        if kind == 0:
            axes = (size / 2).astype(int).tolist()
            cv2.ellipse(
                picture, centre.astype(int).tolist(), axes, float(size[0] * 7 % 180), 0, 360, colour.tolist(), -1
            )
        elif kind == 1:
            cv2.line(picture, low, [int(low[0] + size[1] * 0.3), high[1]], colour.tolist(), int(2 + size[0] // 12))
        else:
            cv2.rectangle(picture, low, high, colour.tolist(), -1)
            cv2.rectangle(picture, low, high, (colour * 0.6).tolist(), 2)


@dataclass(frozen=True)
class Floor:
    """A tiled texture on the plane y = 0.

    Args:
        tile: (128, 128) uint8 seamless grey texture.
        turn: (2, 2) tile pixels to mm (x, z) on the floor.
        corner: (2,) tile pixels that lie at the origin.
        colours: (256, 1, 3) BGR of each grey.
    """

    tile: np.ndarray
    turn: np.ndarray
    corner: np.ndarray
    colours: np.ndarray

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Floor:
        """Draw a texture, its scale and its direction."""
        tile = _floor_tile(rng)
        angle, period = rng.uniform(0, np.pi), rng.uniform(1000, 4000)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * period / _FLOOR_TILE
        corner = rng.uniform(0, _FLOOR_TILE, 2)
        return cls(tile, turn, corner, palette(rng, 3, rng.uniform(0.15, 0.8)))

    def draw(self, camera: Camera, first_row: int = 0) -> np.ndarray:
        """(H - first_row, W, 3) the floor in perspective, from a row of the picture downwards."""
        width, height = camera.image_size
        plane = np.zeros((3, 3))
        plane[:, :2] = camera.R[:, [0, 2]] @ self.turn
        plane[:, 2] = camera.t + camera.R[:, [0, 2]] @ (self.turn @ self.corner)
        shift = np.array([[1, 0, 0], [0, 1, -first_row], [0, 0, 1]])
        warp = shift @ camera.K @ plane
        size = width, height - first_row
        grey = cv2.warpPerspective(self.tile, warp, size, None, cv2.INTER_NEAREST, cv2.BORDER_WRAP)
        return cv2.applyColorMap(grey, self.colours)


def _floor_tile(rng: np.random.Generator) -> np.ndarray:
    """(128, 128) seamless grey texture: checks, planks, slabs or plain ground."""
    side = _FLOOR_TILE
    grey = smooth_noise(rng, (side, side), int(rng.integers(4, 32)), wraps=True)
    kind = rng.integers(4)
    step = np.arange(side) * 2 ** int(rng.integers(1, 4)) // side
    if kind == 1:
        checks = ((step[:, None] + step) % 2 * 255).astype(np.uint8)
        grey = cv2.addWeighted(grey, 0.4, checks, 0.6, 0)
    elif kind == 2:
        planks = np.repeat(rng.integers(60, 256, (8, 1), np.uint8), side // 8, axis=0)
        grey = cv2.addWeighted(grey, 0.4, np.tile(planks, side), 0.6, 0)
        grey[:: side // 8] //= 2
    elif kind == 3:
        grey[:: side // 4], grey[:, :: side // 4] = grey[:: side // 4] // 3, grey[:, :: side // 4] // 3
    return grey


def cast_shadows(camera: Camera, joints: np.ndarray, lamp: np.ndarray, strength: float) -> np.ndarray:
    """Where people keep the lamp off the floor, and the dark under their feet.

    Args:
        camera: The camera.
        joints: (N, 21, 3) mm in the world frame.
        lamp: (3,) direction towards the lamp in the world frame (negative y).
        strength: 0 no shadow, 1 black.

    Returns:
        (H, W) uint8 share of the light that is left, 255 for all of it.
    """
    width, height = camera.image_size
    mask = np.zeros((height // SHADOW_SCALE + 1, width // SHADOW_SCALE + 1), np.uint8)
    falls = joints - lamp * (joints[..., 1:2] / lamp[1])
    for points, level in ((falls, 255 * strength * 0.75), (joints * (1, 0, 1), 255 * strength)):
        in_camera = camera.world_to_camera(points)
        for person in in_camera:
            if person[:, 2].min() > 300:
                _draw_bones(mask, camera, person, level, level == 255 * strength)
    sigma = 0.012 * width / SHADOW_SCALE
    mask = 255 - cv2.GaussianBlur(mask, (0, 0), max(sigma, 0.8))
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)


_LIMBS = (
    (2, 3, 60),
    (3, 4, 50),
    (5, 6, 60),
    (6, 7, 50),
    (8, 9, 80),
    (9, 10, 65),
    (11, 12, 80),
    (12, 13, 65),
    (14, 1, 200),
    (1, 0, 110),
)
_FEET = ((10, 19, 110), (13, 20, 110))


def _draw_bones(mask: np.ndarray, camera: Camera, person: np.ndarray, level: float, feet: bool) -> None:
    pixels = np.round(np.clip(camera.project(person) / SHADOW_SCALE, -2000, 2000)).astype(int).tolist()
    for a, b, thickness in _FEET if feet else _LIMBS:
        size = max(1, round(thickness * camera.K[0, 0] / person[a, 2] / SHADOW_SCALE))
        cv2.line(mask, pixels[a], pixels[b], level, size)
