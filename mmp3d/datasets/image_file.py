"""Read an image file whole or not at all.

OpenCV fills the rest of a truncated JPEG with grey and reports nothing, which would be taken for a picture here.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmp3d.datasets.raw_file import is_lfs_pointer, lfs_message

_JPEG_START, _JPEG_SCAN, _JPEG_END = b'\xff\xd8', b'\xff\xda', b'\xff\xd9'
_PNG_START, _PNG_END = b'\x89PNG', b'IEND'
# About how many images of a folder are looked at for their size.
_PROBED_SIZES = 5
# What a JPEG decoder can shrink by while it decodes.
_REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


def largest_reduction(shape: Sequence[int], least_side: int) -> int:
    """1, 2, 4 or 8: how far a (height, width) image can be shrunk with both sides ``least_side`` px or more."""
    return max((factor for factor in _REDUCED if min(shape) // factor >= least_side), default=1)


def read_image(
    path: str | Path, expected_shape: Sequence[int] | None = None, least_side: int | None = None
) -> np.ndarray:
    """Read an image.

    Args:
        path: Image file.
        expected_shape: (height, width) that it must have; None for any.
        least_side: A JPEG is shrunk while it is decoded, by :func:`largest_reduction` of ``expected_shape``, which
            halves the time; each pixel is then the mean of a square of the file's. One that was shrunk by that much
            before, see :mod:`~mmp3d.datasets.inspection.shrink`, is read as it is. None: never.

    Returns:
        (H, W, 3) uint8 BGR.

    Raises:
        ValueError: The file is missing, empty, damaged, truncated or has another size; the message names it.
    """
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise ValueError(f'cannot read image {path}: {getattr(error, "strerror", None) or error}') from error
    if not content:
        raise ValueError(f'cannot read image {path}: the file is empty')
    if is_lfs_pointer(content):
        raise ValueError(f'cannot read image {lfs_message(path)}')
    if _is_truncated(content):
        raise ValueError(f'cannot read image {path}: the file is truncated at {len(content)} bytes')
    factor = 1
    if least_side is not None and expected_shape is not None and content.startswith(_JPEG_START):
        factor = largest_reduction(expected_shape, least_side)
        if factor > 1 and _header_shape(content) == _reduced_shape(expected_shape, factor):
            # The file itself was shrunk by as much.
            expected_shape, factor = _reduced_shape(expected_shape, factor), 1
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), _REDUCED[factor])
    except cv2.error as error:
        raise ValueError(f'cannot read image {path}: {error.err or error}') from error
    if image is None:
        raise ValueError(f'cannot read image {path}: not an image format that OpenCV reads, or damaged')
    if expected_shape is not None:
        _check_shape(path, content, image, expected_shape, factor)
    return image


def image_size(path: str | Path | io.BytesIO) -> tuple[int, int] | None:
    """(width, height) from the file's header, None where it cannot be read."""
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def common_image_size(folder: Path, pattern: str) -> tuple[int, int] | None:
    """(width, height) that most of a few images of a folder have, None where none can be read.

    Several, because one that was resized must not count for the whole folder.
    """
    paths = sorted(folder.glob(pattern))
    probed = paths[:: max(len(paths) // _PROBED_SIZES, 1)]
    sizes = Counter(size for size in map(image_size, probed) if size is not None)
    if sizes:
        return sizes.most_common(1)[0][0]
    return next((size for size in map(image_size, paths) if size is not None), None)


def _check_shape(path: str | Path, content: bytes, image: np.ndarray, expected: Sequence[int], factor: int) -> None:
    found, wanted = image.shape[:2], tuple(expected)
    fits = found == _reduced_shape(wanted, factor)
    if factor > 1:
        # A pixel more or less is lost in the reduction. The header's sides may be swapped by the file's orientation.
        found = _header_shape(content)
        fits = fits and sorted(found) == sorted(wanted)
    if not fits:
        raise ValueError(f'image {path} is {found[1]}x{found[0]}, annotated as {wanted[1]}x{wanted[0]}')


def _header_shape(content: bytes) -> tuple[int, int]:
    width, height = image_size(io.BytesIO(content)) or (0, 0)
    return height, width


def _reduced_shape(shape: Sequence[int], factor: int) -> tuple[int, ...]:
    return tuple(-(-side // factor) for side in shape)


def _is_truncated(content: bytes) -> bool:
    if content.startswith(_JPEG_START):
        if content.endswith(_JPEG_END):
            return False
        # Entropy-coded data never holds an end marker, so the last one behind the last scan closes the image.
        return content.rfind(_JPEG_END) < content.rfind(_JPEG_SCAN)
    return content.startswith(_PNG_START) and _PNG_END not in content
