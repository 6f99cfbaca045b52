"""Models by name."""

from __future__ import annotations

import pytest
from mmengine.infer import BaseInferencer

from mmp3d.apis import MultiPersonPose3DInferencer
from mmp3d.apis.model_index import find_model, indexed_models
from mmp3d.apis.model_table import console_table, markdown_table


@pytest.mark.parametrize('name', ['bu_tiny_muco', 'bottomup', 'BottomUp'])
def test_tiny_model_by_each_name(name):
    model = find_model(name)
    assert model.name == 'bu_tiny_muco'
    assert model.config.is_file() and model.config.name == 'bu_tiny_muco.py'
    assert model.weights.endswith('weights/bu_tiny_muco.pth')


INDEX = """Models:
- Name: one
  Alias: first
  Config: configs/one.py
  Weights: weights/one.pth
  License: for walkers
  Metadata: {Architecture: [Tree, Net], Training Data: walks}
  Results: [{Dataset: other walks, Metrics: {PCK: 50.5, MPJPE: 100}}]
- {Name: two, Config: configs/two.py, Weights: null}
- {Name: three, Config: configs/three.py, Weights: weights/three.pth}
- {Name: both, Config: configs/both.py, Weights: null}
"""


def test_tables_hold_what_the_index_says(tmp_path, monkeypatch):
    (tmp_path / 'model-index.yml').write_text('Import:\n- configs/a.yml\n')
    for folder in ('configs', 'weights'):
        (tmp_path / folder).mkdir()
    (tmp_path / 'configs' / 'a.yml').write_text(INDEX)
    (tmp_path / 'configs' / 'two.py').write_text("model = dict(backbone=dict(checkpoint='one.pth'))")
    (tmp_path / 'configs' / 'both.py').write_text("model = dict(lifter=dict(config='one.py', checkpoint='one.pth'))")
    (tmp_path / 'weights' / 'one.pth').write_bytes(bytes(2_340_000))
    monkeypatch.setattr(BaseInferencer, '_get_repo_or_mim_dir', staticmethod(lambda scope: str(tmp_path)))
    assert markdown_table().splitlines()[2:] == [
        '| `one`, `first` | Tree; Net | walks | for walkers | other walks | PCK 50.5, MPJPE 100 |',
        '| `two` |  |  |  | | no weights yet |',
        '| `three` |  |  |  | | |',
        '| `both` |  |  |  | | |',
    ]
    _, _, one, two, three, both, *rest = console_table().splitlines()
    assert one.split()[:2] == ['one', 'first']
    assert '2.3 MB  ' in one and 'for walkers' in one and one.endswith('PCK 50.5, MPJPE 100 (other walks)')
    assert (
        'those of its parts' in both
        and 'none published' in two
        and f'missing: {tmp_path / "weights" / "three.pth"}' in three
    )
    assert str(tmp_path) in ''.join(rest)


def test_index_of_an_installed_wheel(tmp_path, monkeypatch):
    (tmp_path / 'model-index.yml').write_text('Import:\n- configs/a.yml\n')
    (tmp_path / 'configs').mkdir()
    (tmp_path / 'configs' / 'a.yml').write_text(
        'Models:\n- {Name: one, Alias: first, Config: configs/one.py, Weights: weights/one.pth}\n'
        '- {Name: two, Config: configs/two.py, Weights: "https://models.example.org/two.pth"}\n'
    )
    monkeypatch.setattr(BaseInferencer, '_get_repo_or_mim_dir', staticmethod(lambda scope: str(tmp_path)))
    one, two = indexed_models()
    assert (one.aliases, one.weights) == (('first',), str(tmp_path / 'weights' / 'one.pth'))
    assert (two.aliases, two.weights) == ((), 'https://models.example.org/two.pth')


def test_shipped_weights_name_their_licence():
    licences = {model.name: model.license for model in indexed_models() if model.license}
    usable = {model.name for model in indexed_models() if model.weights or model.has_weights_of_parts()}
    assert licences.keys() == usable >= {'tdbu_tiny_mupots', 'bu_tiny_muco'}
    assert licences['bu_tiny_muco'] == 'Apache-2.0'
    assert all('non-commercial' in licences[name] for name in ('lifting_tiny_virtual', 'tdbu_tiny_mupots'))


def test_every_indexed_config_exists():
    assert all(model.config.is_file() for model in indexed_models())


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match='bu_tiny_muco = .*bottomup'):
        MultiPersonPose3DInferencer('human3d')


def test_missing_config():
    with pytest.raises(FileNotFoundError, match='configs/none.py'):
        find_model('configs/none.py')


def test_model_without_published_weights():
    with pytest.raises(ValueError, match='bu_hrnet_w32_muco; give weights='):
        MultiPersonPose3DInferencer('bu_hrnet_w32_muco')


def test_nothing_given():
    with pytest.raises(ValueError, match='weights'):
        MultiPersonPose3DInferencer()
