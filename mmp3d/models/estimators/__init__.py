"""Estimators: networks put together as mmpose runs them."""

from mmp3d.models.estimators.bottom_up_depth_estimator import BottomUpDepthEstimator
from mmp3d.models.estimators.pose_lifting_estimator import PoseLiftingEstimator
from mmp3d.models.estimators.pose_refinement_estimator import PoseRefinementEstimator

__all__ = ['BottomUpDepthEstimator', 'PoseLiftingEstimator', 'PoseRefinementEstimator']
