"""The focal length that a photograph's own EXIF data tell.

Pixels of the image as it is stored; millimetres on the sensor.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

EXIF_FIELDS = 0x8769
FOCAL_LENGTH, FOCAL_LENGTH_35MM = 0x920A, 0xA405
PIXELS_WIDE, PIXELS_HIGH = 0xA002, 0xA003
PLANE_RESOLUTION, PLANE_UNIT = 0xA20E, 0xA210
MM_OF_UNIT = {2: 25.4, 3: 10.0, 4: 1.0}
# Diagonal of the 36 x 24 mm film: equivalent focal lengths keep the angle of the diagonal (CIPA DCG-001).
FILM_DIAGONAL = float(np.hypot(36, 24))
PLAUSIBLE = (0.2, 20)  # times the longer side, px
SAME_SHAPE = 0.02


def exif_focal(path: str | Path, image_size: tuple[int, int]) -> float | None:
    """Focal length in px of an image of (width, height) px.

    Returns:
        None where the file has no EXIF data, these name no focal length or an impossible one, or they are of an
        image of another shape: it has been cropped.
    """
    try:
        with Image.open(path) as image:
            fields = image.getexif().get_ifd(EXIF_FIELDS)
        numbers = {tag: float(fields[tag]) for tag in _TAGS if tag in fields}
    except (OSError, ValueError, TypeError, SyntaxError, ArithmeticError, LookupError, Image.DecompressionBombError):
        return None  # as good as none: nobody asked for the EXIF data of this very file
    focal = _in_pixels(numbers, image_size)
    low, high = (share * max(image_size) for share in PLAUSIBLE)
    return focal if focal is not None and low < focal < high else None


_TAGS = (FOCAL_LENGTH, FOCAL_LENGTH_35MM, PIXELS_WIDE, PIXELS_HIGH, PLANE_RESOLUTION, PLANE_UNIT)


def _in_pixels(numbers: dict[int, float], image_size: tuple[int, int]) -> float | None:
    recorded = sorted((numbers.get(PIXELS_WIDE, 0), numbers.get(PIXELS_HIGH, 0)))
    actual = sorted(image_size)
    # Sorted: viewers turn pictures without touching these fields.
    if min(recorded) > 0 and abs(recorded[0] / recorded[1] - actual[0] / actual[1]) > SAME_SHAPE:
        return None
    if numbers.get(FOCAL_LENGTH_35MM, 0) > 0:
        return numbers[FOCAL_LENGTH_35MM] / FILM_DIAGONAL * float(np.hypot(*image_size))
    unit = MM_OF_UNIT.get(int(numbers.get(PLANE_UNIT, 2)))
    if unit is None or not min(recorded) > 0 or not numbers.get(PLANE_RESOLUTION, 0) > 0:
        return None
    return numbers.get(FOCAL_LENGTH, 0) * numbers[PLANE_RESOLUTION] / unit * actual[1] / recorded[1]
