"""What users call: the inferencer, the lifters for :func:`mmp3d.pipeline.lift_tracks`, and the whole system."""

from mmp3d.apis.inferencer import MultiPersonPose3DInferencer
from mmp3d.apis.lifters import load_lifters
from mmp3d.apis.two_branch import load_two_branch

__all__ = ['MultiPersonPose3DInferencer', 'load_lifters', 'load_two_branch']
