"""From given 2D poses to tracks, and on to people in camera space: what every 2D estimator can feed.

Shapes: F frames of a track, K = 17 MuPoTS joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmp3d.datasets.pose2d_file import read_pose2d_file
from mmp3d.datasets.poses2d import Poses2D
from mmp3d.geometry import Camera
from mmp3d.models.estimators import PoseLiftingEstimator
from mmp3d.pipeline.lifting import LiftedTrack, lift_tracks
from mmp3d.pipeline.pose_frames import frames_of, keys_of_frames
from mmp3d.pipeline.track import Track
from mmp3d.pipeline.track_linking import track_people
from mmp3d.pipeline.tracking import DEFAULT_SETTINGS, TrackerSettings

# 2D poses with a larger share of their joints outside of the image belong to an image of another size.
LARGEST_SHARE_OUTSIDE = 0.5


def lift_pose_file(
    pose2d: str | Path | Poses2D,
    camera: Camera,
    networks: PoseLiftingEstimator,
    settings: TrackerSettings = DEFAULT_SETTINGS,
    keep_ids: bool = False,
) -> list[LiftedTrack]:
    """People in camera space from the 2D poses of one video.

    Args:
        pose2d: What :func:`~mmp3d.datasets.read_pose2d_file` reads, or has read.
        camera: The camera of all frames.
        networks: See :func:`~mmp3d.pipeline.lift_tracks`.
        settings: When a pose belongs to a track.
        keep_ids: The file's own track ids are taken and nobody is tracked.

    Returns:
        One result a person, in the order of their first frame; none where the file has nobody who counts.

    Raises:
        FileNotFoundError, ValueError: See :func:`pose_tracks`; or the poses are those of an image of another size.
    """
    tracks = pose_tracks(pose2d, settings, keep_ids)
    check_image_size(pose2d.path if isinstance(pose2d, Poses2D) else pose2d, tracks, camera)
    return lift_tracks(tracks, camera, networks)


def pose_tracks(
    pose2d: str | Path | Poses2D, settings: TrackerSettings = DEFAULT_SETTINGS, keep_ids: bool = False
) -> list[Track]:
    """Tracks of the 2D poses of one video, see :func:`lift_pose_file`.

    Raises:
        FileNotFoundError, ValueError: The file cannot be read or holds several videos; or, with ``keep_ids``, it has no
            ids, or two people of one frame have the same.
    """
    poses = pose2d if isinstance(pose2d, Poses2D) else read_pose2d_file(pose2d)
    return tracks_by_id(poses) if keep_ids else track_people(frames_of(poses), settings)


def tracks_by_id(poses: Poses2D) -> list[Track]:
    """Tracks by the ids that the file gives its people. Raises ValueError as :func:`pose_tracks`."""
    if poses.track_ids is None:
        raise ValueError(f'{poses.path}: does not number all of its people; let them be tracked (keep_ids=False)')
    found: dict[int, list[tuple]] = defaultdict(list)
    for frame_id, key in keys_of_frames(poses).items():
        ids = poses.track_ids[key]
        numbers, counts = np.unique(ids, return_counts=True)
        if (counts > 1).any():
            raise ValueError(
                f'{poses.path}: frame {frame_id}: several people have the id {numbers[counts > 1][0]}; number them '
                'anew or let them be tracked (keep_ids=False)'
            )
        for number, *pose in zip(ids.tolist(), *poses[key], strict=True):
            found[number].append((frame_id, *pose))
    return [Track(number, *zip(*rows, strict=True)) for number, rows in found.items()]


def check_image_size(path: str | Path, tracks: Sequence[Track], camera: Camera) -> None:
    """Raise ValueError where most of the joints that were found lie outside of the camera's image; names the file."""
    found = [track.keypoints[track.keypoint_scores > 0] for track in tracks]
    joints = np.concatenate(found) if found else np.zeros((0, 2))
    outside = ((joints < 0) | (joints > camera.image_size)).any(axis=1)
    if len(joints) and outside.mean() > LARGEST_SHARE_OUTSIDE:
        raise ValueError(
            f"{path}: {100 * outside.mean():.0f} % of the joints lie outside of the camera's image of "
            f'{camera.image_size[0]} x {camera.image_size[1]} px, up to {joints.max(axis=0).round().tolist()}; give '
            'the camera of these images (Camera.resized)'
        )
