"""A video of a clip: its frames beside its people in space, drawn by the visualiser.

Shapes: N people of a frame, K joints. Pixels of the full image; camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from mmengine.structures import InstanceData
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.structures import PoseDataSample

from mmp3d.apis.frames import frames_ahead
from mmp3d.apis.sources import Source
from mmp3d.apis.video_pictures import VideoPictures
from mmp3d.export import PeopleClip
from mmp3d.export.new_file import refuse_existing
from mmp3d.geometry import MUPOTS17
from mmp3d.stage_profile import stage
from mmp3d.visualization import MultiPersonPose3DVisualizer


def write_clip_video(path: Path, clip: PeopleClip, sources: Sequence[Source], overwrite: bool = False) -> None:
    """Write an .mp4; frames that cannot be read are left out.

    Args:
        path: File; it appears when it is whole.
        clip: With its camera, which tells where on a frame the joints are.
        sources: The clip's frames.
        overwrite: Replace a file that is there.

    Raises:
        ValueError: The file exists, OpenCV has no encoder, or the clip has no camera.
    """
    refuse_existing([path], overwrite)
    if clip.camera is None:
        raise ValueError('a video of people needs the camera of the clip')
    visualizer = MultiPersonPose3DVisualizer()
    visualizer.set_dataset_meta(parse_pose_metainfo(MUPOTS17.metainfo(MUPOTS17.name)))
    visualizer.reset_view(hold=True)
    pictures = VideoPictures(path, clip.fps)
    try:
        for number, frame in zip(range(clip.num_frames), frames_ahead(sources), strict=False):
            if frame.image is not None:
                with stage('drawing', 1):
                    image = cv2.cvtColor(frame.image, cv2.COLOR_BGR2RGB)
                    drawn = visualizer.add_datasample('people', image, people_of(clip, number), draw_gt=False)
                pictures.add(drawn)
        pictures.close()
    except BaseException:
        pictures.discard()
        raise


def people_of(clip: PeopleClip, frame: int) -> PoseDataSample:
    """The people of one frame as a sample with ``keypoints`` (N, K, 2) and ``keypoints_cam`` (N, K, 3)."""
    there = clip.present[:, frame]
    points = clip.positions[there, frame]
    if clip.frame == 'world':
        points = clip.camera.world_to_camera(points)
    people = InstanceData(
        keypoints=clip.camera.project(points).astype(np.float32),
        keypoints_cam=points.astype(np.float32),
        # Lifted joints that no 2D network has found have no score, and are known all the same.
        keypoint_scores=np.isfinite(points).all(axis=-1).astype(np.float32),
        track_ids=clip.track_ids[there],
    )
    return PoseDataSample(metainfo=dict(camera=clip.camera.to_dict()), pred_instances=people)
