"""The configs of discriminator and integration network train and test from the command line."""

from mmengine.config import Config
from mmpose.registry import MODELS

from tests.test_tools.test_lifting_configs import CHECKOUT, trained_and_tested


def test_the_discriminator_is_trained_alone(tmp_path):
    options = [f'model.discriminator.{part}_channels=8' for part in ('pose', 'pair')]
    _, scores = trained_and_tested('discriminator_tiny_virtual', tmp_path, options)
    assert 0 <= scores['NaturalnessAccuracy/accuracy'] <= 100


def test_the_integration_network_is_trained_on_simulated_branches(tmp_path):
    _, scores = trained_and_tested('integration_tiny_virtual', tmp_path, ['model.network.hidden_channels=8'])
    assert scores['LiftingErrors/MPJPE-abs'] > 0


def test_the_papers_recipe_builds():
    model = MODELS.build(Config.fromfile(CHECKOUT / 'configs' / 'integration_muco.py').model)
    assert len([layer for layer in model.network.layers if hasattr(layer, 'weight')]) == 3
