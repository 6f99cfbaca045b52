"""The configs of discriminator and integration network train and test from the command line."""

import json
import shutil

import pytest
import torch
from mmengine.config import Config
from mmpose.registry import DATASETS, MODELS

from mmp3d.compat.checkpoint import load_checkpoint, load_weights
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import CLOSE, Recipe
from tests.test_tools.test_lifting_configs import CHECKOUT, SMALL, tool, trained_and_tested

SMALL_NETS = ['model.network.hidden_channels=8']
SMALL_NETS += [f'model.discriminator.{part}_channels=8' for part in ('pose', 'pair')]


def test_the_discriminator_is_trained_alone(tmp_path):
    options = [f'model.discriminator.{part}_channels=8' for part in ('pose', 'pair')]
    _, scores = trained_and_tested('discriminator_tiny_virtual', tmp_path, options)
    assert 0 <= scores['NaturalnessAccuracy/accuracy'] <= 100


def test_the_integration_network_is_trained_on_simulated_branches(tmp_path):
    _, scores = trained_and_tested('integration_tiny_virtual', tmp_path, ['model.network.hidden_channels=8'])
    assert scores['LiftingErrors/MPJPE-abs'] > 0


def test_the_integration_network_is_trained_on_what_the_branches_said(tmp_path):
    root, pairs = tmp_path / 'MuPoTS', tmp_path / 'pairs.npz'
    generate(Recipe('mupots', 1, frames=4, people=(2, 3), size=(384, 256), seed=5, interactions=CLOSE), root)
    tool('branch_pairs')([str(CHECKOUT / 'configs' / 'tdbu_tiny_mupots.py'), str(root), '--out', str(pairs)])
    options = [f'{part}_dataloader.dataset.ann_file={pairs}' for part in ('train', 'val', 'test')]
    options += ['load_from=None', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1']
    config, folder = str(CHECKOUT / 'configs' / 'integration_tiny_pairs.py'), tmp_path / 'run'
    tool('train')([config, '--work-dir', str(folder), '--cfg-options', *options])
    tool('test')([config, str(folder / 'epoch_1.pth'), '--work-dir', str(folder / 'test'), '--cfg-options', *options])
    (scores,) = (folder / 'test').glob('*/results.json')
    assert json.loads(scores.read_text())['scores']['LiftingErrors/MPJPE-abs'] > 0


@pytest.fixture(scope='module')
def adversarial(tmp_path_factory):
    """Work folder of two epochs of adversarial training."""
    folder = tmp_path_factory.mktemp('adversarial')
    train_adversarial(folder)
    return folder


def train_adversarial(folder, *arguments):
    config = str(CHECKOUT / 'configs' / 'integration_adversarial_tiny_virtual.py')
    options = [*SMALL, 'train_cfg.max_epochs=2', 'max_epochs=2', *SMALL_NETS]
    tool('train')([config, '--work-dir', str(folder), *arguments, '--cfg-options', *options])


def test_both_networks_resume_where_they_stopped(adversarial, tmp_path):
    shutil.copy(adversarial / 'epoch_1.pth', tmp_path)
    train_adversarial(tmp_path, '--resume', str(tmp_path / 'epoch_1.pth'))
    whole, resumed = (load_checkpoint(folder / 'epoch_2.pth') for folder in (adversarial, tmp_path))
    assert whole['state_dict'].keys() == resumed['state_dict'].keys()
    assert all(torch.equal(value, resumed['state_dict'][name]) for name, value in whole['state_dict'].items())
    assert set(whole['optimizer']) == {'network', 'discriminator'}
    for name, one in whole['optimizer'].items():
        moments = [each['state'][0]['exp_avg'] for each in (one, resumed['optimizer'][name])]
        assert torch.equal(*moments)


def test_the_adversarial_run_is_tested_without_its_discriminator(adversarial, tmp_path):
    register = Config.fromfile(CHECKOUT / 'configs' / 'integration_adversarial_tiny_virtual.py')
    model = dict(register.model, type='IntegrationEstimator')
    model = {key: value for key, value in model.items() if key in ('type', 'network', 'errors')}
    model['network'] = {**model['network'], 'hidden_channels': 8}
    estimator = MODELS.build(model)
    saved = load_checkpoint(adversarial / 'epoch_2.pth')['state_dict']
    network = {name: value for name, value in saved.items() if name.startswith('network.')}
    assert set(network) == set(estimator.state_dict())


def test_the_shipped_network_places_people_better_than_the_fixed_rules():
    cfg = Config.fromfile(CHECKOUT / 'configs' / 'integration_tiny_virtual.py')
    model = MODELS.build(cfg.model).eval()
    load_weights(model, CHECKOUT / 'weights' / 'integration_tiny_virtual.pth')
    cfg.val_dataloader.dataset.update(num_items=128, num_procedural=40)
    batch = DATASETS.build(cfg.val_dataloader.dataset).__getitems__(range(128)).stacked
    people = model.known_people(model.data_preprocessor(batch)['data_samples'], torch.Generator().manual_seed(0))
    errors = {}
    with torch.no_grad():
        for name in ('HardIntegration', 'LinearIntegration', 'shipped'):
            way = model.network if name == 'shipped' else MODELS.build(dict(type=name))
            errors[name] = (way(people.pairs) - people.truth).norm(dim=-1).nanmean()
    assert errors['shipped'] < 0.9 * min(errors['HardIntegration'], errors['LinearIntegration'])


def test_the_papers_recipe_builds():
    model = MODELS.build(Config.fromfile(CHECKOUT / 'configs' / 'integration_muco.py').model)
    assert isinstance(model.discriminator, torch.nn.Module)
    assert len([layer for layer in model.network.layers if hasattr(layer, 'weight')]) == 3
