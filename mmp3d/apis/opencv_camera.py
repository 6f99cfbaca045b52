"""The calibration file of OpenCV (``cv::FileStorage``, YAML or JSON) and of ROS: matrices as rows, cols and data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import yaml

from mmp3d.geometry import Camera

MATRIX_NAMES = ('camera_matrix', 'cameraMatrix', 'Camera_Matrix', 'intrinsic_matrix', 'K')
DISTORTION_NAMES = ('distortion_coefficients', 'Distortion_Coefficients', 'dist_coeffs', 'distCoeffs', 'D')
SIZE_NAMES = (('image_width', 'image_height'), ('image_Width', 'image_Height'), ('width', 'height'))
NUM_COEFFICIENTS = 5


class _CalibrationLoader(yaml.SafeLoader):
    """Plain data, and OpenCV's own tag for matrices; no aliases, with which a few lines stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError(f'an alias {self.peek_event().start_mark}; write the value out')
        return super().compose_node(parent, index)


_CalibrationLoader.add_constructor(
    'tag:yaml.org,2002:opencv-matrix', lambda loader, node: loader.construct_mapping(node, deep=True)
)


def parse_yaml(text: str) -> Camera:
    """Camera from the text of a YAML calibration. Raises ValueError."""
    # OpenCV writes "%YAML:1.0", which YAML itself spells "%YAML 1.0": left out, it means the same to the parser.
    if text.startswith('%YAML'):
        text = text.partition('\n')[2]
    try:
        fields = yaml.load(text, _CalibrationLoader)
    except (yaml.YAMLError, AttributeError, LookupError) as error:
        raise ValueError(f'not YAML ({" ".join(str(error).split())})') from error
    if not isinstance(fields, Mapping):
        raise ValueError(f'holds a {type(fields).__name__}')
    return camera_from_calibration(fields)


def camera_from_calibration(fields: Mapping) -> Camera:
    """Camera from the fields of a calibration file.

    Raises:
        ValueError: A field is missing, is no matrix of the right size, or describes a lens that OpenCV's five
            coefficients do not.
    """
    K = _matrix(fields, MATRIX_NAMES)
    if K is None:
        raise ValueError(f'no camera matrix, which is called one of {list(MATRIX_NAMES)}')
    if K.size != 9:
        raise ValueError(f'the camera matrix must have 9 numbers, got {K.size}')
    return Camera(K=K.reshape(3, 3), image_size=_image_size(fields), distortion=_distortion(fields))


def _image_size(fields: Mapping) -> tuple[int, int]:
    if 'image_size' in fields:
        found = fields['image_size']
        sides = [found.get('width'), found.get('height')] if isinstance(found, Mapping) else found
    else:
        names = next((pair for pair in SIZE_NAMES if pair[0] in fields), SIZE_NAMES[0])
        sides = [fields.get(name) for name in names]
    if not (isinstance(sides, list) and len(sides) == 2 and all(isinstance(side, int) and side > 0 for side in sides)):
        raise ValueError(f'image_width and image_height must be positive whole numbers of px, got {sides}')
    return tuple(sides)


def _distortion(fields: Mapping) -> np.ndarray | None:
    model = fields.get('distortion_model', 'plumb_bob')
    if model not in ('plumb_bob', 'rational_polynomial', 'opencv'):
        raise ValueError(f'distortion_model {model!r} is not supported; undistort the images first')
    coefficients = _matrix(fields, DISTORTION_NAMES)
    if coefficients is None or not coefficients.any():
        return None
    if coefficients.size < NUM_COEFFICIENTS - 1 or coefficients[NUM_COEFFICIENTS:].any():
        raise ValueError(
            f'the distortion must be k1 k2 p1 p2 [k3], got {coefficients.tolist()}; calibrate again without the '
            'rational, thin prism and tilted terms, or undistort the images first'
        )
    return coefficients[:NUM_COEFFICIENTS]


def _matrix(fields: Mapping, names: tuple[str, ...]) -> np.ndarray | None:
    """All numbers of the first of the fields that is there, row by row."""
    name = next((name for name in names if name in fields), None)
    if name is None:
        return None
    value: Any = fields[name]
    if isinstance(value, Mapping):
        value = value.get('data')
    try:
        return np.array(value, np.float64).ravel()
    except (ValueError, TypeError) as error:
        raise ValueError(f'{name} must hold numbers, got {str(value)[:60]}') from error
