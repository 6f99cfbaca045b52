"""What happens to a batch between the data loader and the network."""

from mmp3d.models.data_preprocessors.pose_clip_preprocessor import PoseClipPreprocessor

__all__ = ['PoseClipPreprocessor']
