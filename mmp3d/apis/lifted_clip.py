"""From a video's 2D poses to a clip of people in camera space.

Shapes: N people, T frames, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmp3d.datasets.pose2d_file import read_pose2d_file
from mmp3d.export.empty_clip import empty_clip
from mmp3d.export.people_clip import PeopleClip
from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.models.estimators import PoseLiftingEstimator
from mmp3d.pipeline import TrackerSettings, lift_pose_file
from mmp3d.pipeline.pose_frames import by_place, first_number, keys_of_frames

MOST_FRAMES = 10**6


def lifted_clip(
    pose2d: str | Path,
    camera: Camera,
    networks: PoseLiftingEstimator,
    fps: float,
    seq_name: str = '',
    keep_ids: bool = False,
    num_frames: int = 0,
    image_names: Sequence[str] = (),
) -> PeopleClip:
    """Track and lift the people of a pose file; the ids of the tracks are those of the clip.

    Args:
        pose2d: File or folder that :func:`~mmp3d.datasets.read_pose2d_file` reads; numbers of a folder's images are
            those of their files (:func:`~mmp3d.pipeline.pose_frames.by_place`), of a video's they count as
            :func:`~mmp3d.pipeline.pose_frames.first_number` says.
        camera: The camera of all frames.
        networks: See :func:`~mmp3d.apis.lifters.load_lifters`.
        fps: Frames a second, of the clip and for the tracker.
        seq_name: Name of the clip.
        keep_ids: Take the file's own track ids, and track nobody.
        num_frames: Frames of the video or images of the folder; the clip has at least as many.
        image_names: File names of the folder's images, in order; none for a video.

    Raises:
        FileNotFoundError, ValueError: The file cannot be used, see :func:`~mmp3d.pipeline.lift_pose_file`, or its
            frame numbers reach too far, or the clip is more than the memory of this machine.
    """
    poses = by_place(read_pose2d_file(pose2d), image_names)
    first = first_number(poses, num_frames)
    length = max([num_frames, *(number + 1 - first for number in keys_of_frames(poses))])
    if length > MOST_FRAMES:
        raise ValueError(f'{pose2d}: frame numbers reach {length - 1}; number the frames of one clip from 0')
    tracks = lift_pose_file(poses, camera, networks, TrackerSettings.at_rate(fps), keep_ids)
    tracks = [track for track in tracks if np.isfinite(track.keypoints_cam).any()]
    positions, scores = empty_clip(len(tracks), length, MUPOTS17.num_joints)
    for row, track in enumerate(tracks):
        positions[row, track.frame_ids - first] = track.keypoints_cam
        scores[row, track.frame_ids - first] = np.minimum(track.keypoint_scores, 1)
    ids = np.array([track.track_id for track in tracks], np.int64)
    return PeopleClip(positions, scores, ids, fps, camera=camera, seq_name=seq_name)
