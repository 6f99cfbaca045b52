"""What users call: the inferencer, and the lifters for :func:`mmp3d.pipeline.lift_tracks`."""

from mmp3d.apis.inferencer import MultiPersonPose3DInferencer
from mmp3d.apis.lifters import load_lifters

__all__ = ['MultiPersonPose3DInferencer', 'load_lifters']
