"""The lifters by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.infer import BaseInferencer
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.apis.lifters import load_lifters
from mmp3d.models.estimators import PoseLiftingEstimator
from tests.test_apis.scenes import LIFTERS

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


@pytest.fixture
def index(tmp_path, monkeypatch) -> PoseLiftingEstimator:
    """The networks of an index with one model that has weights and one that has none."""
    register_all_modules()
    torch.manual_seed(0)
    networks = MODELS.build(LIFTERS)
    for folder in ('configs', 'weights'):
        (tmp_path / folder).mkdir()
    (tmp_path / 'model-index.yml').write_text('Import:\n- configs/lifters.yml\n')
    (tmp_path / 'configs' / 'lifters.yml').write_text(
        'Models:\n- {Name: small, Alias: lifters, Config: configs/small.py, Weights: weights/small.pth}\n'
        '- {Name: bare, Config: configs/small.py, Weights: null}\n'
    )
    (tmp_path / 'configs' / 'small.py').write_text(f'model = {LIFTERS!r}\n')
    torch.save({'state_dict': networks.state_dict()}, tmp_path / 'weights' / 'small.pth')
    monkeypatch.setattr(BaseInferencer, '_get_repo_or_mim_dir', staticmethod(lambda scope: str(tmp_path)))
    return networks.eval()


@pytest.mark.parametrize('name', ['small', 'lifters', 'Lifters'])
def test_each_name_gives_the_networks_with_their_weights(index, name):
    loaded = load_lifters(name)
    rays, scores = torch.randn(5, 17, 2), torch.rand(5, 17)
    assert not loaded.training
    with torch.inference_mode():
        torch.testing.assert_close(loaded.lift_track(rays, scores), index.lift_track(rays, scores))


def test_a_config_with_weights_of_ones_own(index, tmp_path):
    torch.save({'state_dict': index.state_dict()}, tmp_path / 'own.pth')
    loaded = load_lifters(tmp_path / 'configs' / 'small.py', tmp_path / 'own.pth')
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(loaded.parameters(), index.parameters(), strict=True))


def test_a_model_without_published_weights_is_named(index):
    with pytest.raises(ValueError, match='bare: no weights are published'):
        load_lifters('bare')


def test_an_unknown_name_lists_the_known_ones(index):
    with pytest.raises(ValueError, match="unknown model 'none'.*small = lifters"):
        load_lifters('none')


def test_a_model_that_lifts_nothing_is_named(index):
    with pytest.raises(ValueError, match=r'bu_tiny_muco.py: its model is a BottomUpDepthEstimator'):
        load_lifters(CONFIGS / 'bu_tiny_muco.py', 'any.pth')


def test_weights_of_another_network_are_named(index, tmp_path):
    torch.save({'state_dict': {'gcn.other': torch.zeros(1)}}, tmp_path / 'other.pth')
    with pytest.raises(ValueError, match=r'other.pth: weights of another architecture'):
        load_lifters('small', tmp_path / 'other.pth')


@pytest.mark.parametrize(
    ('model', 'said'),
    [
        (f'dict({LIFTERS!r}, foo=1)', "unexpected keyword argument 'foo'"),
        ('1', 'cfg should be a dict'),
        ("dict(type='Nonsense')", 'Nonsense'),
    ],
)
def test_a_config_of_which_no_network_can_be_built_is_named(tmp_path, model, said):
    (tmp_path / 'wrong.py').write_text(f'model = {model}\n')
    with pytest.raises(ValueError, match=rf'wrong\.py: model cannot be built: .*{said}'):
        load_lifters(tmp_path / 'wrong.py', 'any.pth')
