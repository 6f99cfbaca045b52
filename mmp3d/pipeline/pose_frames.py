"""2D poses of a video's images in the order of their numbers, ready for the tracker.

Shapes: M people of a frame, K = 17 MuPoTS joints. Pixels of the full image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mmp3d.datasets.poses2d import Poses2D
from mmp3d.pipeline.tracking import FramePoses


def frames_of(poses: Poses2D) -> Iterator[FramePoses]:
    """The frames of one video, sorted by number; frames left out stay left out. Raises as :func:`keys_of_frames`."""
    for number, key in keys_of_frames(poses).items():
        yield FramePoses(number, *poses[key])


def keys_of_frames(poses: Poses2D) -> dict[int, int | str]:
    """Number of a frame to the key of its image, sorted by number, whatever their order in the file.

    Raises:
        ValueError: A file name without a number, or two images of one number (two videos); names them.
    """
    keys: dict[int, int | str] = {}
    for key in poses:
        number = _number(poses, key)
        if number in keys:
            raise ValueError(
                f'{poses.path}: {keys[number]!r} and {key!r} are both frame {number}; track one video at a time'
            )
        keys[number] = key
    return dict(sorted(keys.items()))


def _number(poses: Poses2D, key: int | str) -> int:
    if not isinstance(key, str):
        return key
    found = re.search(r'(\d{1,12})(\.\w+)?$', key)
    if not found:
        raise ValueError(f'{poses.path}: image {key!r} has no number in its name, so its place in the video is unknown')
    return int(found[1])
