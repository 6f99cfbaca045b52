"""Losses that mmpose lacks or computes sample by sample."""

from mmp3d.models.losses.bone_length_loss import BoneLengthLoss
from mmp3d.models.losses.depth_loss import DepthLoss
from mmp3d.models.losses.discriminator_loss import DiscriminatorLoss
from mmp3d.models.losses.integration_loss import IntegrationLoss
from mmp3d.models.losses.naturalness_loss import NaturalnessLoss
from mmp3d.models.losses.r1_penalty import R1Penalty
from mmp3d.models.losses.semi_supervised_loss import SemiSupervisedLoss
from mmp3d.models.losses.tag_loss import BatchedAssociativeEmbeddingLoss
from mmp3d.models.losses.velocity_loss import VelocityLoss

__all__ = [
    'BatchedAssociativeEmbeddingLoss',
    'BoneLengthLoss',
    'DepthLoss',
    'DiscriminatorLoss',
    'IntegrationLoss',
    'NaturalnessLoss',
    'R1Penalty',
    'SemiSupervisedLoss',
    'VelocityLoss',
]
