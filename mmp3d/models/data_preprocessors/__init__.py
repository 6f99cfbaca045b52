"""Batches on their way to the networks that never see pixels."""

from mmp3d.models.data_preprocessors.measured_people_preprocessor import MeasuredPeoplePreprocessor
from mmp3d.models.data_preprocessors.pose_clip_preprocessor import PoseClipPreprocessor
from mmp3d.models.data_preprocessors.two_source_preprocessor import TwoSourcePreprocessor

__all__ = ['MeasuredPeoplePreprocessor', 'PoseClipPreprocessor', 'TwoSourcePreprocessor']
