"""The stages between frames and people in camera space, one file each; no layers and no file formats."""

from mmp3d.pipeline.clip_frames import ClipFrame
from mmp3d.pipeline.detection import BoxesOfPoses, Detections, GivenBoxes, MMDetPersonDetector, PersonDetector
from mmp3d.pipeline.lifting import LiftedTrack, lift_tracks
from mmp3d.pipeline.matching import CameraPeople, Matches, match_people
from mmp3d.pipeline.person_merging import merge_people
from mmp3d.pipeline.pose_tracks import lift_pose_file, pose_tracks
from mmp3d.pipeline.release_matching import match_as_released
from mmp3d.pipeline.stage_store import StageStore
from mmp3d.pipeline.top_down_2d import find_people
from mmp3d.pipeline.track import Track
from mmp3d.pipeline.track_linking import LinkSettings, link_tracks, track_people
from mmp3d.pipeline.tracking import FrameIds, FramePoses, PoseTracker, TrackerSettings, track_stream
from mmp3d.pipeline.two_branch import TwoBranchNetworks, TwoBranchPipeline, TwoBranchSettings

__all__ = [
    'BoxesOfPoses', 'CameraPeople', 'ClipFrame', 'Detections', 'FrameIds', 'FramePoses', 'GivenBoxes', 'LiftedTrack',
    'LinkSettings', 'MMDetPersonDetector', 'Matches', 'PersonDetector', 'PoseTracker', 'StageStore', 'Track',
    'TrackerSettings', 'TwoBranchNetworks', 'TwoBranchPipeline', 'TwoBranchSettings', 'find_people', 'lift_pose_file',
    'lift_tracks', 'link_tracks', 'match_as_released', 'match_people', 'merge_people', 'pose_tracks', 'track_people',
    'track_stream']  # fmt: skip
