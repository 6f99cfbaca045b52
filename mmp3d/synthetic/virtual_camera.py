"""Draws cameras that stand on the floor of a virtual scene, many at once.

Shapes: B cameras, P people (each seen by one of the cameras), T frames, J joints. World frame: x right, y down with the
floor at y = 0, z forward from below the camera. Millimetres, pixels, radians where a name does not say degrees.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from mmp3d.geometry import Camera
from mmp3d.synthetic.counter_random import CounterRandom
from mmp3d.synthetic.ranges import check_number, check_range

# Height above the floor of what a camera of pitch 0 looks at: the pelvis of a standing adult.
AIM_HEIGHT = 880.0
STANDING_HEIGHT = 1720.0
_BOUNDS = (
    ('height', 0, 1e5), ('distance', 500, 1e5), ('pitch', -60, 60), ('roll', -180, 180), ('fov', 5, 150),
    ('fill', 0.05, 10))  # fmt: skip


@dataclass(frozen=True)
class CameraRanges:
    """From which cameras are drawn, evenly within (least, greatest) unless said otherwise.

    Args:
        height: mm above the floor.
        distance: mm on the floor to the middle of the people, evenly in its logarithm.
        pitch: Degrees by which the camera looks below (+) or above (-) the middle of the people.
        roll: Degrees about the optical axis.
        fov: Degrees that the longer side of the picture spans.
        off_centre: Greatest shift of the principal point from the middle, as a share of the picture's longer side.
        fill: Share of the picture's height that a standing adult takes at most; whoever would be larger steps back.
        image_sizes: (width, height) px, one of which is taken.

    Raises:
        ValueError: A field is out of its range; names the field.
    """

    height: tuple[float, float] = (400.0, 2800.0)
    distance: tuple[float, float] = (2000.0, 9000.0)
    pitch: tuple[float, float] = (-8.0, 8.0)
    roll: tuple[float, float] = (-6.0, 6.0)
    fov: tuple[float, float] = (30.0, 85.0)
    off_centre: float = 0.02
    fill: tuple[float, float] = (0.75, 1.2)
    image_sizes: tuple[tuple[int, int], ...] = ((1920, 1080), (1280, 720), (2048, 2048), (1088, 1920), (640, 480))

    def __post_init__(self) -> None:
        for name, least, most in _BOUNDS:
            check_range(name, getattr(self, name), least, most)
        check_number('off_centre', self.off_centre, 0, 0.5)
        if not self.image_sizes or any(len(size) != 2 or min(size) < 16 for size in self.image_sizes):
            raise ValueError(f'image_sizes: expected (width, height) pairs of at least 16 px, got {self.image_sizes}')


@dataclass(frozen=True, eq=False)
class Cameras:
    """B pinhole cameras without distortion.

    Args:
        focal: (B,) float32 px.
        centre: (B, 2) float32 px principal point.
        image_size: (B, 2) float32 px, width and height.
        R: (B, 3, 3) float32 world to camera.
        height: (B,) float32 mm above the floor.
        pitch: (B,) float32 rad by which the optical axis points downwards.
        distance: (B,) float32 mm on the floor to the middle of the people.
    """

    focal: np.ndarray
    centre: np.ndarray
    image_size: np.ndarray
    R: np.ndarray
    height: np.ndarray
    pitch: np.ndarray
    distance: np.ndarray

    def rows(self, rows: np.ndarray) -> Cameras:
        """Some of the cameras, each as often as it is named."""
        return Cameras(*(getattr(self, spec.name)[rows] for spec in fields(self)))

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """(B, T, 3, J) mm in the world, one row a camera, to (B, T, 3, J) float32 mm in the camera frames."""
        points = points.copy()
        points[:, :, 1] += self.height[:, None, None]
        return self.R[:, None] @ points

    def project(self, points: np.ndarray) -> np.ndarray:
        """(B, T, 3, J) mm in the camera frames to (B, T, 2, J) float32 px; everything must be in front."""
        # float64: the last digit of a float32 quotient times a focal length is seen in the 1e-3 of a pixel.
        normalized = points[:, :, :2].astype(np.float64) / points[:, :, 2:]
        return (normalized * self.focal[:, None, None, None] + self.centre[:, None, :, None]).astype(np.float32)

    @property
    def K(self) -> np.ndarray:
        """(B, 3, 3) float32 intrinsics."""
        K = np.zeros((len(self.focal), 3, 3), np.float32)
        K[:, 0, 0] = K[:, 1, 1] = self.focal
        K[:, :2, 2] = self.centre
        K[:, 2, 2] = 1
        return K

    def camera(self, row: int) -> Camera:
        """One of them as a :class:`~mmp3d.geometry.Camera`."""
        R = self.R[row].astype(np.float64)
        return Camera(self.K[row], tuple(self.image_size[row]), R=R, t=R @ (0, self.height[row], 0))


def draw_cameras(random: CounterRandom, ranges: CameraRanges) -> Cameras:
    """Draw one camera for each stream of ``random``."""
    sizes = np.array(ranges.image_sizes, np.float32)[random.below(len(ranges.image_sizes))]
    longer = sizes.max(axis=1)
    fov = np.radians(random.uniform(low=ranges.fov[0], high=ranges.fov[1]))
    focal = longer / 2 / np.tan(fov / 2)
    shift = random.uniform(2, low=-ranges.off_centre, high=ranges.off_centre)
    height = random.uniform(low=ranges.height[0], high=ranges.height[1])
    distance = np.exp(random.uniform(low=np.log(ranges.distance[0]), high=np.log(ranges.distance[1])))
    fill = random.uniform(low=ranges.fill[0], high=ranges.fill[1])
    distance = np.maximum(distance, focal * STANDING_HEIGHT / (fill * sizes[:, 1]))
    aside = np.radians(random.uniform(low=ranges.pitch[0], high=ranges.pitch[1]))
    pitch = np.arctan((height - AIM_HEIGHT) / distance) + aside
    roll = np.radians(random.uniform(low=ranges.roll[0], high=ranges.roll[1]))
    return Cameras(
        focal=focal.astype(np.float32),
        centre=((sizes - 1) / 2 + shift * longer[:, None]).astype(np.float32),
        image_size=sizes,
        R=_rotations(pitch, roll),
        height=height,
        pitch=pitch.astype(np.float32),
        distance=distance.astype(np.float32),
    )


def _rotations(pitch: np.ndarray, roll: np.ndarray) -> np.ndarray:
    """(B, 3, 3) world to camera: down by the pitch, then about the optical axis by the roll."""
    R = np.zeros((len(pitch), 3, 3), np.float32)
    sin, cos, turn, straight = np.sin(pitch), np.cos(pitch), np.sin(roll), np.cos(roll)
    R[:, 0] = np.stack([straight, -turn * cos, turn * sin], axis=-1)
    R[:, 1] = np.stack([turn, straight * cos, -straight * sin], axis=-1)
    R[:, 2] = np.stack([np.zeros_like(sin), sin, cos], axis=-1)
    return R
