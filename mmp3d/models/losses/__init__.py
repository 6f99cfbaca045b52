"""Losses that mmpose lacks or computes sample by sample."""

from mmp3d.models.losses.depth_loss import DepthLoss
from mmp3d.models.losses.tag_loss import BatchedAssociativeEmbeddingLoss

__all__ = ['BatchedAssociativeEmbeddingLoss', 'DepthLoss']
