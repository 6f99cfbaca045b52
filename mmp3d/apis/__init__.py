"""What users call: the inferencer."""

from mmp3d.apis.inferencer import MultiPersonPose3DInferencer

__all__ = ['MultiPersonPose3DInferencer']
