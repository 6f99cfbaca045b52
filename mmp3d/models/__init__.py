"""What is registered in mmpose's model registry: networks, losses, estimators, data preprocessors, initialisers."""

from mmp3d.models import (
    backbones,
    data_preprocessors,
    estimators,
    heads,
    integration,
    lifters,
    losses,
    released,
    weight_init,
)

__all__ = [
    'backbones',
    'data_preprocessors',
    'estimators',
    'heads',
    'integration',
    'lifters',
    'losses',
    'released',
    'weight_init',
]
