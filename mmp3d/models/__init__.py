"""What is registered in mmpose's model registry: preprocessors, networks, losses, estimators, initialisers."""

from mmp3d.models import backbones, data_preprocessors, estimators, heads, lifters, losses, weight_init

__all__ = ['backbones', 'data_preprocessors', 'estimators', 'heads', 'lifters', 'losses', 'weight_init']
