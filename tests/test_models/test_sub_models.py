"""A part of a model is a network of a type, or that of a config file, and never silently one of the two."""

import pytest

from mmp3d import register_all_modules
from mmp3d.models.integration import HardIntegration, IntegrationNet
from mmp3d.models.sub_models import build_sub_model

register_all_modules()
FILES = dict(config='configs/integration_tiny_pairs.py', checkpoint='weights/integration_tiny_pairs.pth')


def test_a_config_is_built_with_its_weights():
    part = build_sub_model('integration', FILES)
    assert isinstance(part.network, IntegrationNet)
    assert part.network.mode == 'weigh'
    assert part.network.layers[-1].weight.abs().max() > 0


def test_a_type_takes_the_place_of_a_config_that_is_none():
    part = build_sub_model('integration', dict(type='HardIntegration', config=None, checkpoint=None))
    assert isinstance(part, HardIntegration)


def test_config_and_type_are_too_much_and_neither_is_too_little():
    with pytest.raises(ValueError, match=r'model\.integration\.config=None model\.integration\.checkpoint=None'):
        build_sub_model('integration', dict(FILES, type='HardIntegration'))
    with pytest.raises(ValueError, match='needs "type", or "config"'):
        build_sub_model('integration', dict(config=None))
