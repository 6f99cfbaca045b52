"""Estimators: networks put together as mmpose runs them."""

from mmp3d.models.estimators.bottom_up_depth_estimator import BottomUpDepthEstimator
from mmp3d.models.estimators.discriminator_estimator import DiscriminatorEstimator
from mmp3d.models.estimators.integration_estimator import IntegrationEstimator
from mmp3d.models.estimators.multi_person_top_down_estimator import MultiPersonTopDownEstimator
from mmp3d.models.estimators.pose_lifting_estimator import PoseLiftingEstimator
from mmp3d.models.estimators.pose_refinement_estimator import PoseRefinementEstimator
from mmp3d.models.estimators.two_branch_estimator import TwoBranchEstimator

__all__ = [
    'BottomUpDepthEstimator',
    'DiscriminatorEstimator',
    'IntegrationEstimator',
    'MultiPersonTopDownEstimator',
    'PoseLiftingEstimator',
    'PoseRefinementEstimator',
    'TwoBranchEstimator',
]
