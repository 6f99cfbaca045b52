"""COLMAP's ``cameras.txt``: one line a camera, CAMERA_ID MODEL WIDTH HEIGHT PARAMS."""

from __future__ import annotations

import numpy as np

from mmp3d.geometry import Camera

# How many focal lengths, and how many of OpenCV's coefficients k1 k2 p1 p2 k3 k4 k5 k6, follow each other in a model.
MODELS = {
    'SIMPLE_PINHOLE': (1, 0),
    'PINHOLE': (2, 0),
    'SIMPLE_RADIAL': (1, 1),
    'RADIAL': (1, 2),
    'OPENCV': (2, 4),
    'FULL_OPENCV': (2, 8),
}
# COLMAP has the centre of the first pixel at (0.5, 0.5).
PIXEL_CENTRE = 0.5


def parse_colmap(text: str) -> Camera:
    """The one camera of the text.

    Raises:
        ValueError: There is none or more than one, a number is missing, or the lens model is not one of ``MODELS``.
    """
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith('#')]
    if len(lines) != 1:
        raise ValueError(f'{len(lines)} cameras, expected the line of one: CAMERA_ID MODEL WIDTH HEIGHT PARAMS')
    (words,) = lines
    model = words[1] if len(words) > 1 else ''
    if model not in MODELS:
        raise ValueError(f'lens model {model!r} is not one of {list(MODELS)}; undistort the images first')
    focals, coefficients = MODELS[model]
    try:
        width, height = (int(word) for word in words[2:4])
        params = np.array(words[4:], np.float64)
    except ValueError as error:
        raise ValueError(f'expected CAMERA_ID MODEL WIDTH HEIGHT PARAMS, got {" ".join(words)[:80]!r}') from error
    if len(params) != focals + 2 + coefficients:
        raise ValueError(f'{model} has {focals + 2 + coefficients} parameters, got {len(params)}')
    if min(width, height) < 1:
        raise ValueError(f'width and height must be positive, got {width} x {height}')
    centre = params[focals : focals + 2] - PIXEL_CENTRE
    focal = (params[0], params[focals - 1])
    return Camera.from_intrinsics(focal, centre, (width, height), distortion=_distortion(params[focals + 2 :]))


def _distortion(values: np.ndarray) -> np.ndarray | None:
    if not values.any():
        return None
    if values[5:].any():
        raise ValueError('FULL_OPENCV with k4, k5 or k6 is not supported; undistort the images first')
    return np.pad(values, (0, max(5 - len(values), 0)))[:5]
