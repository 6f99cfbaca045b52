"""Batches on their way to the networks that never see pixels."""

from mmp3d.models.data_preprocessors.measured_people_preprocessor import MeasuredPeoplePreprocessor

__all__ = ['MeasuredPeoplePreprocessor']
