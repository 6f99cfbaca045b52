"""2D poses of a video's images in the order of their numbers, ready for the tracker.

Shapes: M people of a frame, K = 17 MuPoTS joints. Pixels of the full image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mmp3d.datasets.poses2d import Poses2D
from mmp3d.datasets.report import warn_once
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


def first_number(poses: Poses2D, num_frames: int = 0, first_image: str = '') -> int:
    """Number of the image that is frame 0 of a clip; says so once where it is neither image 0 nor ``first_image``.

    Frame numbers count from 0. Images may be numbered in any way, and those without people be left out. Where the clip
    is a video, they count from 0 as long as it has a frame for each number, else from 1 where that is enough, else from
    the least.

    Args:
        poses: The poses of one clip.
        num_frames: Frames of the clip; 0: unknown.
        first_image: File name of its first image, whose number counts; '' for a video.

    Raises:
        ValueError: See :func:`keys_of_frames`.
    """
    if poses.key == 'frame_id' or not poses:
        return 0
    numbers, named = keys_of_frames(poses), _number_in(first_image)
    least, last = min(numbers), max(numbers)
    if named is not None and named <= least:
        return named
    if last < num_frames:
        return 0
    first = 1 if least and last == num_frames else least
    if first:
        warn_once(f'{poses.path}: has images {least} to {last}; number {first} is taken for the first frame')
    return first


def _number(poses: Poses2D, key: int | str) -> int:
    if not isinstance(key, str):
        return key
    number = _number_in(key)
    if number is None:
        raise ValueError(f'{poses.path}: image {key!r} has no number in its name, so its place in the video is unknown')
    return number


def _number_in(name: str) -> int | None:
    found = re.search(r'(\d{1,12})(\.\w+)?$', name)
    return int(found[1]) if found else None
