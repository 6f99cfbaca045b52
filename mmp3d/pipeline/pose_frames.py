"""2D poses of a video's images in the order of their numbers, ready for the tracker.

Shapes: M people of a frame, K = 17 MuPoTS joints. Pixels of the full image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

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
        ValueError: A file name without a number, a number below 0, or two images of one number (two videos); names
            them.
    """
    keys: dict[int, int | str] = {}
    for key in poses:
        number = _number(poses, key)
        if number < 0:
            raise ValueError(f'{poses.path}: has the image number {number}; number the images from 0')
        if number in keys:
            raise ValueError(
                f'{poses.path}: {keys[number]!r} and {key!r} are both frame {number}; track one video at a time'
            )
        keys[number] = key
    return dict(sorted(keys.items()))


def by_place(poses: Poses2D, names: Sequence[str]) -> Poses2D:
    """The poses of image files by their places among these, as frame numbers.

    A file name is that of the file, an id of a data set the number at the end of its name. Images that are not among
    them are left out, which is said. Where none is, or two files have one number, the poses stay as they are.

    Args:
        poses: The poses of one clip; frame numbers are places already.
        names: File names of the clip's images, in order.
    """
    if poses.key == 'frame_id':
        return poses
    keys = _keys_by_name(poses, names) if poses.key == 'file_name' else _keys_by_id(poses, names)
    lost = len(poses) - len(keys)
    if not keys:
        if names and poses.key == 'file_name':
            warn_once(f'{poses.path}: no image has the name of one of the clip; they are taken by their numbers')
        return poses
    if lost:
        warn_once(f'{poses.path}: {lost} of its {len(poses)} images are not among those of the clip and are left out')
    ids = None if poses.track_ids is None else {place: poses.track_ids[key] for place, key in keys.items()}
    return Poses2D({place: poses[key] for place, key in keys.items()}, 'frame_id', poses.path, ids)


def _keys_by_name(poses: Poses2D, names: Sequence[str]) -> dict[int, str]:
    """Place of an image to its key; nothing where two folders have images of one name."""
    keys = {PurePath(key).name: key for key in poses}
    if len(keys) < len(poses):
        return {}
    return {place: keys[name] for place, name in enumerate(names) if name in keys}


def _keys_by_id(poses: Poses2D, names: Sequence[str]) -> dict[int, int]:
    """Place of an image to its key; nothing where two files have one number."""
    numbers = [_number_in(name) for name in names]
    known = [number for number in numbers if number is not None]
    if len(set(known)) < len(known):
        return {}
    return {place: number for place, number in enumerate(numbers) if number in poses}


def first_number(poses: Poses2D, num_frames: int = 0) -> int:
    """Number of the image that is frame 0 of a video; says which one where that is not certain.

    Frame numbers count from 0. Images may be numbered in any way without gaps, and those without people be left out:
    they count from 0 as long as the video has a frame for each number, else from 1 where that is enough, else from the
    least.

    Args:
        poses: The poses of one clip.
        num_frames: Frames of the clip; 0: unknown.

    Raises:
        ValueError: See :func:`keys_of_frames`.
    """
    if poses.key == 'frame_id' or not poses:
        return 0
    numbers = keys_of_frames(poses)
    least, last = min(numbers), max(numbers)
    if not least:
        return 0
    first = 0 if last < num_frames else 1 if last == num_frames else least
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
