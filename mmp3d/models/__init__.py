"""What is registered in mmpose's model registry: backbones, heads, losses, estimators, weight initialisers."""

from mmp3d.models import backbones, estimators, heads, losses, weight_init

__all__ = ['backbones', 'estimators', 'heads', 'losses', 'weight_init']
