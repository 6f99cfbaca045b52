"""Estimators: networks put together as mmpose runs them."""

from mmp3d.models.estimators.bottom_up_depth_estimator import BottomUpDepthEstimator

__all__ = ['BottomUpDepthEstimator']
