"""Cameras from files: OpenCV's and ROS' calibration (YAML or JSON), COLMAP's ``cameras.txt``, and our own JSON.

Pixels of the full image, (0, 0) at the centre of the first pixel.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from mmp3d.apis.colmap_camera import parse_colmap
from mmp3d.apis.opencv_camera import MATRIX_NAMES, camera_from_calibration, parse_yaml
from mmp3d.geometry import Camera

LARGEST_FILE = 2**20
EXPECTED = (
    'a JSON object with "K" (3 x 3, px), "image_size" [width, height] and perhaps "distortion", "R", "t"; a calibration'
    " of OpenCV or ROS (.yaml, .json) with its image size; or COLMAP's cameras.txt"
)


def read_camera(path: str | Path) -> Camera:
    """Read a camera; the end of the name tells the format: .json, .yaml or .yml, .txt.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file holds something else; names file and field.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no camera file at {path}; it must hold {EXPECTED}')
    parser = PARSERS.get(path.suffix.lower())
    if parser is None:
        raise ValueError(
            f'camera file {path}: its name must end in one of {" ".join(PARSERS)}; it must hold {EXPECTED}'
        )
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError(f'camera file {path}: {path.stat().st_size} bytes are no camera; it must hold {EXPECTED}')
    try:
        return parser(path.read_bytes().decode('utf-8-sig'))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f'camera file {path}: {error}; it must hold {EXPECTED}') from error


def parse_json(text: str) -> Camera:
    """A camera in the form of :meth:`Camera.to_dict`, or OpenCV's calibration in JSON. Raises ValueError."""
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise ValueError(f'not JSON ({error})') from error
    if not isinstance(fields, Mapping):
        raise ValueError(f'holds a {type(fields).__name__}')
    if 'image_size' not in fields and any(name in fields for name in MATRIX_NAMES):
        return camera_from_calibration(fields)
    return Camera.from_dict(dict(fields))


PARSERS: dict[str, Callable[[str], Camera]] = {
    '.json': parse_json,
    '.yaml': parse_yaml,
    '.yml': parse_yaml,
    '.txt': parse_colmap,
}
