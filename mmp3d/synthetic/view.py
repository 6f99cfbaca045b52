"""What a scene is seen with and against: the camera of every frame, and the stage behind the people.

Shapes: T frames, H x W image. World frame y down, floor at y = 0; millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np

from mmp3d.geometry.camera import Camera
from mmp3d.synthetic.background import Floor, draw_background, draw_wall
from mmp3d.synthetic.patterns import smooth_noise
from mmp3d.synthetic.scene import Scene
from mmp3d.synthetic.zbuffer import Buffers, draw_box

# Pixels are drawn this far beyond the picture on every side where a lens bends it; a share of the picture's size.
_LENS_MARGIN = 0.15
_PANORAMA = 512, 2048


class View(Protocol):
    """Cameras and stages of a picture maker."""

    def pinhole(self, frame: int) -> Camera:
        """The camera that a frame is drawn with, without lens."""

    def stage(self, frame: int) -> Buffers:
        """Background and furniture of a frame, to be drawn on."""

    def through_lens(self, frame: int, buffers: Buffers) -> tuple[Camera, Buffers]:
        """The camera of the finished picture, and the drawing as its lens shows it."""


class FixedView:
    """The scene's own camera, which stands still, before a wall; background and furniture are drawn once.

    Args:
        scene: The scene.
        rng: Source of what the background looks like.
    """

    def __init__(self, scene: Scene, rng: np.random.Generator) -> None:
        self.camera = scene.camera
        self._stage = Buffers.over(draw_background(rng, scene.camera))
        if scene.boxes:
            texture = smooth_noise(rng, self._stage.nearness.shape, 48)
            for box in scene.boxes:
                draw_box(self._stage, scene.camera, scene.camera.world_to_camera(box.corners), box.colours, texture)

    def pinhole(self, frame: int) -> Camera:
        return self.camera

    def stage(self, frame: int) -> Buffers:
        return self._stage.copy()

    def through_lens(self, frame: int, buffers: Buffers) -> tuple[Camera, Buffers]:
        return self.camera, buffers


class OpenView:
    """Cameras anywhere in an open place: one for all frames or one a frame, with or without distortion.

    The floor reaches to the horizon; above it is scenery so far away that it turns with the camera but does not shift.

    Args:
        scene: The scene; its own camera is not used.
        cameras: One camera, or T.
        seed: Seed of what the place looks like; views of one place share it.
    """

    def __init__(self, scene: Scene, cameras: Sequence[Camera], seed: int) -> None:
        rng = np.random.default_rng([seed, 1])
        self.cameras = list(cameras)
        self._boxes = scene.boxes
        self._floor = Floor.sample(rng)
        self._panorama = _draw_panorama(rng)
        self._lens = _Lens(self.cameras[0]) if self.cameras[0].distortion is not None else None
        self._drawn: Buffers | None = None

    def pinhole(self, frame: int) -> Camera:
        return self._lens.pinhole if self._lens else self._camera(frame)

    def stage(self, frame: int) -> Buffers:
        if self._drawn is None or len(self.cameras) > 1:
            self._drawn = self._draw(self.pinhole(frame))
        return self._drawn.copy()

    def through_lens(self, frame: int, buffers: Buffers) -> tuple[Camera, Buffers]:
        return self._camera(frame), self._lens.bend(buffers) if self._lens else buffers

    def _camera(self, frame: int) -> Camera:
        return self.cameras[frame if len(self.cameras) > 1 else 0]

    def _draw(self, camera: Camera) -> Buffers:
        width, height = camera.image_size
        angles, below = _sky_angles(camera)
        picture = cv2.remap(self._panorama, *angles, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
        ground = cv2.resize(below.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
        cv2.copyTo(self._floor.draw(camera), ground, picture)
        buffers = Buffers.over(picture)
        plain = np.full((height, width), 128, np.uint8)
        for box in self._boxes:
            draw_box(buffers, camera, camera.world_to_camera(box.corners), box.colours, plain)
        return buffers


class _Lens:
    """Where the pixels of a picture with distortion come from in a wider one without.

    Args:
        camera: Camera with distortion; stands still.
    """

    def __init__(self, camera: Camera) -> None:
        width, height = camera.image_size
        margin = round(_LENS_MARGIN * max(width, height))
        K = camera.K.copy()
        K[:2, 2] += margin
        self.pinhole = replace(camera, K=K, distortion=None, image_size=(width + 2 * margin, height + 2 * margin))
        pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
        rays = camera.normalize(pixels)
        self._source = (rays @ K[:2, :2].T + K[:2, 2]).astype(np.float32)

    def bend(self, buffers: Buffers) -> Buffers:
        """The drawing through the lens."""

        def sampled(values: np.ndarray, how: int) -> np.ndarray:
            return cv2.remap(values, self._source, None, how, borderMode=cv2.BORDER_REPLICATE)

        nearness, label = (sampled(values, cv2.INTER_NEAREST) for values in (buffers.nearness, buffers.label))
        return Buffers(nearness, label, sampled(buffers.colour, cv2.INTER_LINEAR))


def _draw_panorama(rng: np.random.Generator) -> np.ndarray:
    """(h, w, 3) scenery all around, from the horizon (last row) to the zenith; its two ends meet."""
    height, width = _PANORAMA
    half = draw_wall(rng, height, width // 2)
    return np.hstack([half, half[:, ::-1]])


def _sky_angles(camera: Camera) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Column and row in the panorama, and whether it is the floor, for every second pixel: (h, w) each."""
    width, height = camera.image_size
    u, v = np.meshgrid(np.arange(0, width, 2, dtype=np.float32), np.arange(0, height, 2, dtype=np.float32))
    fx, fy, cx, cy = camera.K[[0, 1, 0, 1], [0, 1, 2, 2]]
    rays = np.stack([(u - cx) / fx, (v - cy) / fy, np.ones_like(u)], axis=-1).astype(np.float32) @ camera.R
    x, y, z = np.moveaxis(rays.astype(np.float32), -1, 0)
    rows, columns = _PANORAMA
    azimuth = cv2.phase(z, x) * np.float32(columns / (2 * np.pi))
    elevation = np.maximum(-y, 0) / np.sqrt(x * x + y * y + z * z)
    return (azimuth, np.float32(rows - 1) * (1 - elevation)), y > 0
