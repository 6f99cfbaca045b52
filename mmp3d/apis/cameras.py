"""The camera of each frame, from what the user knows about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmp3d.apis.camera_file import read_camera
from mmp3d.apis.exif_focal import exif_focal
from mmp3d.datasets.report import warn_once
from mmp3d.geometry import Camera


@dataclass(frozen=True)
class FocalLength:
    """A known focal length; the principal point is taken to be the middle of the image.

    Args:
        pixels: In px of the images as they are given.

    Raises:
        ValueError: ``pixels`` is not a positive number.
    """

    pixels: float

    def __post_init__(self) -> None:
        if not 0 < self.pixels < float('inf'):
            raise ValueError(f'the focal length must be a positive number of px, got {self.pixels!r}')


CameraInput = Camera | Mapping | str | Path | float | FocalLength | None


class FrameCamera:
    """Cameras by image size.

    Args:
        camera: A :class:`Camera` or its ``to_dict`` form, a file (see :func:`read_camera`), the field of view of the
            longer image side in degrees, a :class:`FocalLength`, or None: an image file's own EXIF data tell the
            focal length, or else 55 degrees are assumed, with one warning.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file or the number does not describe a camera.
        TypeError: ``camera`` is something else.
    """

    def __init__(self, camera: CameraInput = None) -> None:
        self.file = camera if isinstance(camera, (str, Path)) else None
        if self.file is not None:
            camera = read_camera(camera)
        elif isinstance(camera, Mapping):
            camera = Camera.from_dict(dict(camera))
        elif isinstance(camera, (int, float)):
            Camera.from_fov(camera, (1, 1))
        elif camera is not None and not isinstance(camera, (Camera, FocalLength)):
            raise TypeError(
                f'camera must be a Camera, its dict, a file, degrees, FocalLength or None, got {type(camera).__name__}'
            )
        self._camera = camera
        self._by_size: dict[tuple[int, int], Camera] = {}

    def of_image(self, size: tuple[int, int], where: str, file: str | None = None) -> Camera:
        """:meth:`of_size`, or, for an image file of which nothing else is known, what its EXIF data tell."""
        focal = exif_focal(file, size) if self._camera is None and file is not None else None
        return self.of_size(size, where) if focal is None else _centred(focal, size, 'exif')

    def of_size(self, size: tuple[int, int], where: str) -> Camera:
        """The camera for images of (width, height) px.

        A known camera is scaled to images of another size, as long as it is of the same shape.

        Raises:
            ValueError: It is not; ``where`` names the image.
        """
        if size not in self._by_size:
            self._by_size[size] = self._made(size, where)
        return self._by_size[size]

    def _made(self, size: tuple[int, int], where: str) -> Camera:
        if isinstance(self._camera, Camera):
            return _scaled(self._camera, size, where)
        if isinstance(self._camera, FocalLength):
            return _centred(self._camera.pixels, size, 'focal')
        if self._camera is not None:
            return Camera.from_fov(self._camera, size)
        camera = Camera.assumed(size)
        warn_once(
            f'no camera given: assuming f = {camera.focal:.0f} px for images of {size[0]} x {size[1]}; distances are '
            'right only up to one common factor (give camera=: a file, the field of view in degrees, or FocalLength)'
        )
        return camera


def _centred(focal: float, size: tuple[int, int], source: str) -> Camera:
    middle = tuple((side - 1) / 2 for side in size)
    return Camera.from_intrinsics((focal, focal), middle, size, source=source)


def _scaled(camera: Camera, size: tuple[int, int], where: str) -> Camera:
    if camera.image_size == size:
        return camera
    factor = size[0] / camera.image_size[0]
    if abs(camera.image_size[1] * factor - size[1]) > 1:
        raise ValueError(
            f'{where}: {size[0]} x {size[1]} px, but the camera is for {camera.image_size[0]} x '
            f'{camera.image_size[1]}, another shape; give the camera of the image as it is'
        )
    return camera.resized(size)
