"""What the names of image files say."""

from __future__ import annotations

import re

import numpy as np


def frame_numbers(path: str, file_names: np.ndarray, example: str) -> np.ndarray:
    """The number that each image's name ends in.

    Args:
        path: Annotation file, for the message.
        file_names: (I,) UTF-8 bytes.
        example: A name as it should be, for the message.

    Returns:
        (I,) int64.

    Raises:
        ValueError: A name does not end in a number of at most nine digits and a suffix.
    """
    numbers = [re.search(rb'(\d{1,9})\.\w+$', name) for name in file_names.tolist()]
    if None in numbers:
        bad = file_names[numbers.index(None)].decode('utf-8', 'replace')
        raise ValueError(
            f'{path}: images[{numbers.index(None)}]: field "file_name" must end in a frame number and suffix like '
            f'{example!r}, got {bad!r}'
        )
    return np.array([int(number.group(1)) for number in numbers], np.int64)
