"""What is registered in mmpose's model registry: backbones, heads, lifters, losses, estimators, initialisers."""

from mmp3d.models import backbones, estimators, heads, lifters, losses, weight_init

__all__ = ['backbones', 'estimators', 'heads', 'lifters', 'losses', 'weight_init']
