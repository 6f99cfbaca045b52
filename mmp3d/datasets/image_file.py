"""Read an image file whole or not at all.

OpenCV fills the rest of a truncated JPEG with grey and reports nothing, which would be taken for a picture here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmp3d.datasets.raw_file import is_lfs_pointer, lfs_message

_JPEG_START, _JPEG_SCAN, _JPEG_END = b'\xff\xd8', b'\xff\xda', b'\xff\xd9'
_PNG_START, _PNG_END = b'\x89PNG', b'IEND'


def read_image(path: str | Path, expected_shape: Sequence[int] | None = None) -> np.ndarray:
    """Read an image.

    Args:
        path: Image file.
        expected_shape: (height, width) that it must have; None for any.

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
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise ValueError(f'cannot read image {path}: {error.err or error}') from error
    if image is None:
        raise ValueError(f'cannot read image {path}: not an image format that OpenCV reads, or damaged')
    if expected_shape is not None and image.shape[:2] != tuple(expected_shape):
        height, width = expected_shape
        raise ValueError(f'image {path} is {image.shape[1]}x{image.shape[0]}, annotated as {width}x{height}')
    return image


def image_size(path: str | Path) -> tuple[int, int] | None:
    """(width, height) from the file's header, None where it cannot be read."""
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _is_truncated(content: bytes) -> bool:
    if content.startswith(_JPEG_START):
        # Entropy-coded data never holds an end marker, so the last one behind the last scan closes the image.
        return content.rfind(_JPEG_END) < content.rfind(_JPEG_SCAN)
    return content.startswith(_PNG_START) and _PNG_END not in content
