"""Cameras as the data sets have them: over a street, in a hand, around a studio.

Shapes: T frames. World frame: x right, y down with the floor at y = 0, z forward; millimetres, pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from mmp3d.geometry.camera import Camera
from mmp3d.geometry.dataset_cameras import jta_camera

STREET_HEIGHT = 1500.0, 7000.0
HAND_HEIGHT = 1400.0, 1800.0
# A hand-held camera comes no nearer to who it films.
_LEAST_DISTANCE = 2000.0
# Frequencies in Hz and amplitudes of a hand that holds a camera: mm, and degrees.
_SWAY_HERTZ = 0.3, 2.0
_SWAY_SHIFT, _SWAY_TURN = 18.0, 0.35


def look_at(place: np.ndarray, target: np.ndarray, roll: float = 0.0) -> np.ndarray:
    """(3, 3) world-to-camera rotation of a camera at ``place`` that looks at ``target``, rolled by radians."""
    ahead = (target - place) / np.linalg.norm(target - place)
    right = np.cross((0, 1, 0), ahead)
    right /= np.linalg.norm(right)
    upright = np.stack([right, np.cross(ahead, right), ahead])
    return Rotation.from_rotvec((0, 0, roll)).as_matrix() @ upright


def street_camera(rng: np.random.Generator, image_size: tuple[int, int]) -> Camera:
    """JTA's intrinsics, scaled to the picture; 1.5 to 7 m over the ground, aimed 12 to 30 m ahead."""
    original = jta_camera()
    width, height = original.image_size
    scale = np.array([image_size[0] / width, image_size[1] / height])
    focal, centre = original.K[[0, 1], [0, 1]] * scale, original.K[:2, 2] * scale
    place = np.array([0.0, -rng.uniform(*STREET_HEIGHT), 0.0])
    R = look_at(place, np.array([0.0, -900.0, rng.uniform(12000, 30000)]), np.radians(rng.normal(0, 0.5)))
    return Camera.from_intrinsics(focal, centre, image_size, R=R, t=-R @ place)


def handheld_cameras(
    rng: np.random.Generator, image_size: tuple[int, int], filmed: np.ndarray, times: np.ndarray
) -> list[Camera]:
    """A camera that a walking person points at people.

    The focal length is 0.95 to 1.1 of the longer side, the principal point in the middle, as in 3DPW.

    Args:
        rng: Source of randomness.
        image_size: (width, height) px.
        filmed: (T, 2) mm on the floor (x, z): who is filmed.
        times: (T,) s.
    """
    focal = rng.uniform(0.95, 1.1) * max(image_size)
    filmed = _smoothed(filmed, times, seconds=0.7)
    start = np.array([0.0, 0.0]) + rng.normal(0, 200, 2)
    place = start + (filmed - filmed[len(filmed) // 2]) * rng.uniform(0.3, 1.0)
    away = place - filmed
    distance = np.linalg.norm(away, axis=-1, keepdims=True)
    place = filmed + away * np.maximum(_LEAST_DISTANCE / np.maximum(distance, 1), 1)
    height = rng.uniform(*HAND_HEIGHT)
    shift, turn = _sway(rng, times, _SWAY_SHIFT), _sway(rng, times, _SWAY_TURN)
    places = np.stack([place[:, 0], np.full(len(times), -height), place[:, 1]], axis=-1) + shift
    targets = np.stack([filmed[:, 0], np.full(len(times), -rng.uniform(800, 1100)), filmed[:, 1]], axis=-1)
    cameras = []
    for spot, target, wobble in zip(places, targets, Rotation.from_euler('XYZ', turn, degrees=True), strict=True):
        R = wobble.as_matrix() @ look_at(spot, target)
        middle = np.array(image_size) / 2
        cameras.append(Camera.from_intrinsics((focal, focal), middle, image_size, R=R, t=-R @ spot))
    return cameras


def studio_lenses(rng: np.random.Generator, image_sizes: Sequence[tuple[int, int]]) -> list[Camera]:
    """A camera a picture size with intrinsics and distortion like Human3.6M's, still without a place."""
    cameras = []
    for width, height in image_sizes:
        scale = width / 1000
        distortion = rng.normal((-0.2, 0.24, 0, 0, -0.003), (0.008, 0.01, 0.001, 0.001, 0.003))
        cameras.append(
            Camera.from_intrinsics(
                rng.uniform(1140, 1152, 2) * scale, (np.array((width, height)) / 2 + rng.normal(0, 8, 2) * scale),
                (width, height), distortion=distortion, distortion_model='h36m'))  # fmt: skip
    return cameras


def studio_poses(rng: np.random.Generator, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rotations (3, 3) and places (3,) of cameras in the corners of a studio, about 5 m from the middle."""
    poses = []
    for corner in range(count):
        angle = np.pi / 4 + corner * 2 * np.pi / count + rng.normal(0, 0.12)
        away, height = rng.uniform(4800, 5600), rng.uniform(1400, 1700)
        place = np.array([np.sin(angle) * away, -height, np.cos(angle) * away])
        target = np.array([0.0, -950.0, 0.0]) + rng.normal(0, 120, 3)
        poses.append((look_at(place, target, np.radians(rng.normal(0, 0.5))), place))
    return poses


def _smoothed(track: np.ndarray, times: np.ndarray, seconds: float) -> np.ndarray:
    """(T, 2) a track as somebody follows it who looks some time ahead and back."""
    apart = np.exp(-0.5 * ((times[:, None] - times) / seconds) ** 2)
    return apart @ track / apart.sum(axis=1, keepdims=True)


def _sway(rng: np.random.Generator, times: np.ndarray, size: float) -> np.ndarray:
    """(T, 3) sums of three sine waves an axis, of standard deviation ``size``."""
    hertz, phase = rng.uniform(*_SWAY_HERTZ, (3, 3)), rng.uniform(0, 2 * np.pi, (3, 3))
    waves = np.sin(2 * np.pi * times[:, None, None] * hertz + phase)
    return waves.sum(axis=-1) * size / np.sqrt(1.5)
