"""A pinhole camera with optional lens distortion, and what an image warp does to it.

Camera frame: x right, y down, z forward, millimetres. Pixels are full-image pixels, (0, 0) at the centre of the first
pixel. Shapes: ``...`` any leading dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from dataclasses import fields as dataclass_fields
from math import hypot, isfinite, sqrt

import numpy as np

from mmp3d.geometry import distortion as lens

ASSUMED_FIELD_OF_VIEW = 55.0
FLATTEST_WARP = 1e-9
SOURCES = ('given', 'focal', 'exif', 'fov', 'assumed')


@dataclass(frozen=True, eq=False)
class Camera:
    """Intrinsics, distortion, pose and provenance of one camera.

    Args:
        K: (3, 3) intrinsics in pixels. The entries (0, 1) and (1, 0) may be non-zero after
            a warp.
        image_size: (width, height) in pixels.
        distortion: (k1, k2, p1, p2, k3), or None for none. Four numbers are taken as k3 = 0.
        R: (3, 3) world-to-camera rotation.
        t: (3,) world-to-camera translation in millimetres.
        source: ``'given'`` (calibrated, or fitted to annotations that hold both 2D and 3D),
            ``'focal'`` (a focal length alone), ``'exif'`` (that of the image file's EXIF data), ``'fov'`` (from a
            field of view) or ``'assumed'``.
        distortion_model: ``'opencv'``, or ``'h36m'`` for Human3.6M's formula with the same coefficients.

    Raises:
        ValueError: A field has the wrong shape or holds values that no camera has.

    Examples:
        >>> camera = Camera.from_fov(60, (640, 480))
        >>> round(camera.focal), camera.source
        (554, 'fov')
        >>> pixels = camera.project(np.array([[0.0, 0, 3000], [500, 0, 3000]]))
        >>> pixels.round(1).tolist()
        [[319.5, 239.5], [411.9, 239.5]]
        >>> camera.back_project(pixels, np.array([3000.0, 3000])).round(3).tolist()
        [[0.0, 0.0, 3000.0], [500.0, 0.0, 3000.0]]
        >>> round(camera.resized((320, 240)).focal)
        277
    """

    K: np.ndarray
    image_size: tuple[int, int]
    distortion: np.ndarray | None = None
    R: np.ndarray = field(default_factory=lambda: np.eye(3, dtype=np.float32))
    t: np.ndarray = field(default_factory=lambda: np.zeros(3, np.float32))
    source: str = 'given'
    distortion_model: str = 'opencv'

    def __post_init__(self) -> None:
        for name, shape in (('K', (3, 3)), ('R', (3, 3)), ('t', (3,))):
            object.__setattr__(self, name, _checked(name, getattr(self, name), shape))
        for name, allowed in (('source', SOURCES), ('distortion_model', tuple(lens.MODELS))):
            if getattr(self, name) not in allowed:
                raise ValueError(f'camera {name} must be one of {allowed}, got {getattr(self, name)!r}')
        if not (self.K[0, 0] > 0 and self.K[1, 1] > 0):
            raise ValueError(f'camera focal lengths must be positive, got K = {self.K.tolist()}')
        if self.K[2].tolist() != [0, 0, 1]:
            raise ValueError(f'camera K must end with the row 0, 0, 1, got K = {self.K.tolist()}')
        object.__setattr__(self, 'image_size', tuple(int(side) for side in self.image_size))
        if self.distortion is not None:
            coefficients = np.asarray(self.distortion, np.float64).ravel()
            if coefficients.size == 4:
                coefficients = np.append(coefficients, 0.0)
            object.__setattr__(self, 'distortion', _checked('distortion', coefficients, (5,)))

    @classmethod
    def from_intrinsics(cls, f: Sequence[float], c: Sequence[float], image_size: Sequence[int], **fields) -> Camera:
        """Camera from focal lengths ``f`` = (fx, fy) and principal point ``c`` = (cx, cy), both in pixels."""
        K = np.array([[f[0], 0, c[0]], [0, f[1], c[1]], [0, 0, 1]], np.float64)
        return cls(K=K, image_size=tuple(image_size), **fields)

    @classmethod
    def from_fov(cls, degrees: float, image_size: Sequence[int], source: str = 'fov') -> Camera:
        """Camera whose longer image side spans ``degrees``, principal point in the middle.

        Raises:
            ValueError: ``degrees`` is not between 0 and 180.
        """
        if not 0 < degrees < 180:
            raise ValueError(f'field of view must be between 0 and 180 degrees, got {degrees!r}')
        width, height = image_size
        focal = max(width, height) / 2 / np.tan(np.radians(degrees) / 2)
        return cls.from_intrinsics((focal, focal), ((width - 1) / 2, (height - 1) / 2), image_size, source=source)

    @classmethod
    def assumed(cls, image_size: Sequence[int]) -> Camera:
        """Camera for an image that came without one: the longer side spans 55 degrees."""
        return cls.from_fov(ASSUMED_FIELD_OF_VIEW, image_size, source='assumed')

    @property
    def focal(self) -> float:
        """Focal length in pixels: geometric mean of both axes."""
        return sqrt(abs(self.K[0, 0] * self.K[1, 1] - self.K[0, 1] * self.K[1, 0]))

    def world_to_camera(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) mm in the world frame to (..., 3) mm in the camera frame."""
        return points @ self.R.T + self.t

    def camera_to_world(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) mm in the camera frame to (..., 3) mm in the world frame."""
        return (points - self.t) @ self.R

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project camera-frame points.

        Args:
            points: (..., 3) mm.

        Returns:
            (..., 2) px; NaN where a point is not in front of the camera, or so far aside that the lens model no
            longer holds.
        """
        points = np.asarray(points, np.float64)
        depth = np.where(points[..., 2:] > 0, points[..., 2:], np.nan)
        normalized = points[..., :2] / depth
        if self.distortion is not None:
            normalized = lens.distorted(normalized, self.distortion, self.distortion_model)
        return normalized @ self.K[:2, :2].T + self.K[:2, 2]

    def back_project(self, pixels: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """Lift pixels to camera-frame points.

        Args:
            pixels: (..., 2) px.
            depth: (...) Z in mm.

        Returns:
            (..., 3) mm; NaN where :meth:`normalize` gives it.
        """
        normalized = self.normalize(pixels)
        depth = np.asarray(depth, np.float64)[..., None]
        return np.concatenate([normalized * depth, depth], axis=-1)

    def normalize(self, pixels: np.ndarray) -> np.ndarray:
        """(..., 2) px to (..., 2) undistorted X/Z, Y/Z; NaN where the lens model lets nothing be seen."""
        pixels = np.asarray(pixels, np.float64)
        normalized = (pixels - self.K[:2, 2]) @ np.linalg.inv(self.K[:2, :2]).T
        if self.distortion is None:
            return normalized
        return lens.undistorted(normalized, self.distortion, self.distortion_model)

    def cropped(self, corner: Sequence[float], image_size: Sequence[int]) -> Camera:
        """The camera of a part of the image.

        Args:
            corner: (x, y) px, the first pixel of the part; may lie outside of the image.
            image_size: (width, height) of the part.
        """
        return self.warped([[1, 0, -corner[0]], [0, 1, -corner[1]]], image_size)[0]

    def resized(self, image_size: Sequence[int]) -> Camera:
        """The camera of the image resized to (width, height), whose outer edges stay the outer edges."""
        x, y = np.array(image_size) / self.image_size
        # Pixel (0, 0) is the centre of the first pixel, so that a resize moves it by half a pixel's change.
        return self.warped([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2]], image_size)[0]

    def flipped(self) -> tuple[Camera, np.ndarray]:
        """The camera of the image with left and right swapped, and the mirroring of its frame as in :meth:`warped`."""
        return self.warped([[-1, 0, self.image_size[0] - 1], [0, 1, 0]], self.image_size)

    def warped(self, warp: np.ndarray, image_size: Sequence[int]) -> tuple[Camera, np.ndarray]:
        """The camera that sees a warped image, and the turn of the camera frame that goes with it.

        An affine warp of the image is a change of the intrinsics and, where it rotates or mirrors, a rotation about
        (or a mirroring across) the optical axis: with the returned camera, ``camera.project(points @ turn.T)``
        equals the warp of ``self.project(points)`` exactly, with the lens distortion too.

        Args:
            warp: (2, 3) affine map from old to new pixels; similarity or not, mirrored or not.
            image_size: (width, height) of the new image.

        Returns:
            The new camera and (3, 3) ``turn``, orthogonal, to apply to camera-frame points.

        Raises:
            ValueError: ``warp`` is not (2, 3), not finite, or has no inverse. A perspective warp is a rotation of the
                camera only without distortion, and is not taken.
        """
        warp = _checked('warp', warp, (2, 3))
        turn = np.eye(3)
        turn[:2, :2] = _nearest_orthogonal(warp[:, :2])
        affine = np.eye(3)
        affine[:2] = warp
        K = affine @ self.K @ turn.T
        distortion = None if self.distortion is None else lens.turned(self.distortion, turn[:2, :2])
        camera = replace(
            self, K=K, image_size=tuple(image_size), distortion=distortion, R=turn @ self.R, t=turn @ self.t
        )
        return camera, turn

    def to_dict(self) -> dict:
        """The camera as plain lists, numbers and strings (JSON-ready); inverse of :meth:`from_dict`."""
        return dict(
            K=self.K.tolist(),
            image_size=list(self.image_size),
            distortion=None if self.distortion is None else self.distortion.tolist(),
            R=self.R.tolist(),
            t=self.t.tolist(),
            source=self.source,
            distortion_model=self.distortion_model,
        )

    @classmethod
    def from_dict(cls, fields: dict) -> Camera:
        """Camera from :meth:`to_dict`'s form. Raises ValueError naming a field that is missing or unknown."""
        missing = {'K', 'image_size'} - set(fields)
        unknown = set(fields) - {spec.name for spec in dataclass_fields(cls)}
        if missing or unknown:
            raise ValueError(f'camera: missing fields {sorted(missing)}, unknown fields {sorted(unknown)}')
        return cls(**{name: value for name, value in fields.items() if value is not None})


def _nearest_orthogonal(linear: np.ndarray) -> np.ndarray:
    """The rotation or mirroring of a (2, 2) map: its polar factor, twenty times faster than by singular values."""
    (a, b), (c, d) = linear.tolist()
    turns, mirrors = hypot(a + d, b - c), hypot(a - d, b + c)
    # They are the sum and the difference of the singular values.
    if not abs(turns - mirrors) > FLATTEST_WARP * (turns + mirrors):
        raise ValueError(f'camera warp must have an inverse, got {linear.tolist()}')
    if turns > mirrors:
        return np.array([[a + d, b - c], [c - b, a + d]]) / turns
    return np.array([[a - d, b + c], [b + c, d - a]]) / mirrors


def _checked(name: str, value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(value, np.float64)
    if array.shape != shape:
        raise ValueError(f'camera {name} must have shape {shape}, got {array.shape}')
    # A handful of numbers: as an array they would take several times as long.
    if not all(map(isfinite, array.ravel().tolist())):
        raise ValueError(f'camera {name} must be finite, got {array.tolist()}')
    return array
