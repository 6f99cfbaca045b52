"""Networks from 2D poses to depth; they never see pixels."""

from mmp3d.models.lifters.measured_people import MeasuredPeople, RefinedPeople, TruePeople
from mmp3d.models.lifters.motion_bert import MotionBERTPoseNet
from mmp3d.models.lifters.pose_gcn import PoseGCN
from mmp3d.models.lifters.pose_refiner import PoseRefiner
from mmp3d.models.lifters.temporal_depth_net import TemporalDepthNet
from mmp3d.models.lifters.temporal_lifter import TemporalLifter
from mmp3d.models.lifters.temporal_pose_net import TemporalPoseNet

__all__ = [
    'MeasuredPeople', 'MotionBERTPoseNet', 'PoseGCN', 'PoseRefiner', 'RefinedPeople', 'TemporalDepthNet',
    'TemporalLifter', 'TemporalPoseNet', 'TruePeople']  # fmt: skip
