"""The camera of each frame, from what the user knows about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from mmp3d.datasets.report import warn_once
from mmp3d.geometry import Camera

CameraInput = Camera | Mapping | str | Path | float | None


class FrameCamera:
    """Cameras by image size.

    Args:
        camera: A :class:`Camera` or its ``to_dict`` form, a JSON file that holds this form, the field of view of the
            longer image side in degrees, or None: 55 degrees are assumed, with one warning.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file or the number does not describe a camera.
        TypeError: ``camera`` is something else.
    """

    def __init__(self, camera: CameraInput = None) -> None:
        if isinstance(camera, (str, Path)):
            camera = read_camera(camera)
        elif isinstance(camera, Mapping):
            camera = Camera.from_dict(dict(camera))
        elif isinstance(camera, (int, float)):
            Camera.from_fov(camera, (1, 1))
        elif camera is not None and not isinstance(camera, Camera):
            raise TypeError(f'camera must be a Camera, its dict, a file, degrees or None, got {type(camera).__name__}')
        self._camera = camera
        self._by_size: dict[tuple[int, int], Camera] = {}

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
        if self._camera is not None:
            return Camera.from_fov(self._camera, size)
        camera = Camera.assumed(size)
        warn_once(
            f'no camera given: assuming f = {camera.focal:.0f} px for images of {size[0]} x {size[1]}; distances are '
            'right only up to one common factor (give camera=: a camera file, or the field of view in degrees)'
        )
        return camera


def read_camera(path: str | Path) -> Camera:
    """Read a camera in the form of :meth:`Camera.to_dict` from a JSON file.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file holds something else; names file and field.
    """
    path = Path(path)
    expected = 'a JSON object with "K" (3 x 3, px), "image_size" [width, height] and perhaps "distortion", "R", "t"'
    if not path.is_file():
        raise FileNotFoundError(f'no camera file at {path}; it must hold {expected}')
    try:
        fields = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f'camera file {path}: not JSON ({error}); it must hold {expected}') from error
    if not isinstance(fields, dict):
        raise ValueError(f'camera file {path}: holds a {type(fields).__name__}; it must hold {expected}')
    try:
        return Camera.from_dict(fields)
    except (ValueError, TypeError) as error:
        raise ValueError(f'camera file {path}: {error}; it must hold {expected}') from error


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
