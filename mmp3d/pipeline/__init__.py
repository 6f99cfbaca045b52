"""The stages between frames and people in camera space, one file each; no layers and no file formats."""

from mmp3d.lazy_names import lazy_names

__all__ = [
    'BoxesOfPoses', 'CameraPeople', 'ClipFrame', 'Detections', 'FrameIds', 'FramePoses', 'GivenBoxes', 'LiftedTrack',
    'LinkSettings', 'MMDetPersonDetector', 'Matches', 'PersonDetector', 'PoseTracker', 'StageStore', 'Track',
    'TrackerSettings', 'TwoBranchNetworks', 'TwoBranchPipeline', 'TwoBranchSettings', 'find_people', 'lift_pose_file',
    'lift_tracks', 'link_tracks', 'match_as_released', 'match_people', 'merge_people', 'pose_tracks', 'track_people',
    'track_stream']  # fmt: skip

__getattr__ = lazy_names(__name__, {
    'ClipFrame': 'clip_frames',
    'BoxesOfPoses': 'detection',
    'Detections': 'detection',
    'GivenBoxes': 'detection',
    'MMDetPersonDetector': 'detection',
    'PersonDetector': 'detection',
    'LiftedTrack': 'lifted_frames',
    'lift_tracks': 'lifting',
    'CameraPeople': 'matching',
    'Matches': 'matching',
    'match_people': 'matching',
    'merge_people': 'top_down_2d',
    'lift_pose_file': 'pose_file_tracks',
    'pose_tracks': 'pose_file_tracks',
    'match_as_released': 'release_matching',
    'StageStore': 'stage_store',
    'find_people': 'top_down_2d',
    'Track': 'track',
    'LinkSettings': 'track_linking',
    'link_tracks': 'track_linking',
    'track_people': 'track_linking',
    'FrameIds': 'tracking',
    'FramePoses': 'tracking',
    'PoseTracker': 'tracking',
    'TrackerSettings': 'tracking',
    'track_stream': 'tracking',
    'TwoBranchNetworks': 'two_branch',
    'TwoBranchPipeline': 'two_branch',
    'TwoBranchSettings': 'two_branch',
})  # fmt: skip
