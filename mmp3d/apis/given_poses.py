"""The 2D poses that the network gets beside each frame.

Shapes: M people, K = 17 joints of MuPoTS-17. Pixels of the full image.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

import numpy as np

from mmp3d.apis.sources import Frame, Source
from mmp3d.datasets.pose2d_file import read_pose2d_file
from mmp3d.datasets.poses2d import Poses, Poses2D
from mmp3d.datasets.report import warn
from mmp3d.geometry import MUPOTS17
from mmp3d.pipeline.pose_frames import first_number, keys_of_frames

PoseLookup = Callable[[Frame, int], Poses | None]
PoseInput = str | Path | Sequence[np.ndarray] | PoseLookup | None


def pose_lookup(pose2d: PoseInput) -> PoseLookup:
    """How to find the 2D poses of a frame.

    Args:
        pose2d: A file (see :func:`~mmp3d.datasets.pose2d_file.read_pose2d_file`). For a video, its numbers of frames
            or images count as :func:`~mmp3d.pipeline.pose_frames.first_number` says. For images, frame numbers are
            places in the call, image ids the number at the end of the image's name, file names the end of the image's
            path. Or a list with an array (M, 17, 2) or (M, 17, 3), x, y and score, for each frame of the call; a
            function of the frame and its number in the call; or None for no poses.

    Returns:
        Function of a frame and its number in the call that returns ((M, K, 2) px, (M, K) scores), or None for an
        image that is to be looked at without poses.

    Raises:
        FileNotFoundError, ValueError: The file cannot be read.
        TypeError: ``pose2d`` is something else.
    """
    if pose2d is None:
        return lambda frame, number: None
    if isinstance(pose2d, (str, Path)):
        return _PoseFile(read_pose2d_file(pose2d))
    if isinstance(pose2d, Sequence):
        return lambda frame, number: _from_list(pose2d, number)
    if callable(pose2d):
        return pose2d
    raise TypeError(f'pose2d must be a file, a list of arrays, a function or None, got {type(pose2d).__name__}')


class _PoseFile:
    """The lookup in a file.

    Args:
        poses: What it says.
    """

    def __init__(self, poses: Poses2D) -> None:
        self._poses = poses
        self._video: Source | None = None
        self._numbers: dict[int, int | str] = {}
        self._said = False

    @property
    def file(self) -> Path:
        """The file, or folder of files."""
        return Path(self._poses.path)

    def __call__(self, frame: Frame, number: int) -> Poses:
        for key in self._keys(frame, number):
            if key in self._poses:
                keypoints, scores = self._poses[key]
                return keypoints.copy(), scores.copy()
        if not self._said:
            self._said = True
            said = f'has frames without an entry, {frame.name} is the first; the network is given nobody there'
            warn(f'{self._poses.path}: {said}')
        return nobody()

    def _keys(self, frame: Frame, number: int) -> list:
        """Under which of the file's keys the poses of a frame may be."""
        if frame.source.is_video:
            return self._key_in_video(frame)
        if self._poses.key == 'frame_id':
            return [number]
        if self._poses.key == 'img_id':
            found = re.search(r'(\d+)$', frame.source.name)
            return [int(found[1])] if found else []
        parts = PurePath(frame.source.path).parts
        return ['/'.join(parts[start:]) for start in range(len(parts))]

    def _key_in_video(self, frame: Frame) -> list:
        if self._poses.key == 'frame_id':
            return [frame.index]
        if frame.source is not self._video:
            self._video = frame.source
            first = first_number(self._poses, len(frame.source))
            self._numbers = {number - first: key for number, key in keys_of_frames(self._poses).items()}
        return [self._numbers[frame.index]] if frame.index in self._numbers else []


def _from_list(poses: Sequence[np.ndarray], number: int) -> Poses:
    if number >= len(poses):
        raise ValueError(f'pose2d has {len(poses)} entries, but there are more frames; give one for each frame')
    joined = np.asarray(poses[number], np.float32)
    if joined.size == 0:
        return nobody()
    if joined.ndim != 3 or joined.shape[1] != MUPOTS17.num_joints or joined.shape[2] not in (2, 3):
        raise ValueError(f'pose2d[{number}] must have shape (people, 17, 2 or 3), got {joined.shape}')
    scores = joined[..., 2] if joined.shape[2] == 3 else np.ones(joined.shape[:2], np.float32)
    known = np.isfinite(joined).all(axis=-1)
    return np.where(known[..., None], joined[..., :2], 0), np.where(known, scores, 0)


def nobody() -> Poses:
    """The poses of an image with nobody in it."""
    return np.zeros((0, MUPOTS17.num_joints, 2), np.float32), np.zeros((0, MUPOTS17.num_joints), np.float32)
