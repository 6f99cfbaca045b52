"""What a stranger's config may have built, and that ours are among it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.apis import MultiPersonPose3DInferencer
from mmp3d.apis.harmless_config import harmless_config
from mmp3d.apis.recorded_config import recorded_config

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / 'configs' / 'bu_tiny_muco.py'
WEIGHTS = sorted((ROOT / 'weights').glob('*.pth'))


@pytest.fixture(autouse=True)
def _registered():
    register_all_modules()


@pytest.mark.parametrize('path', WEIGHTS, ids=[path.stem for path in WEIGHTS])
def test_what_the_shipped_weights_record_is_taken(path):
    config = recorded_config(str(path), trust=False)
    assert MODELS.build(config['model']) is not None


def test_a_checkpoint_runs_by_what_it_records(tmp_path):
    config = Config.fromfile(CONFIG)
    config.model.backbone.init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'nowhere.pth'))
    weights = MODELS.build(config.model).state_dict()
    torch.save(dict(state_dict=weights, meta=dict(cfg=config.pretty_text)), tmp_path / 'a.pth')
    inferencer = MultiPersonPose3DInferencer(weights=tmp_path / 'a.pth', device='cpu')
    found = inferencer.model.state_dict()
    assert set(found) == set(weights) and all(torch.equal(found[name], weights[name]) for name in weights)
    assert 'init_cfg' not in inferencer.cfg.model.backbone


def test_initialisation_is_left_out_and_the_rest_is_kept():
    source = dict(type='Pretrained', checkpoint='https://localhost/a.pth')
    stages = [dict(type='ReLU', init_cfg=source), dict(type='mmengine.ReLU')]
    config = dict(model=dict(type='BottomUpDepthEstimator', init_cfg=source, stages=stages), work_dir='a/b.c')
    found = harmless_config(config)
    kept = [dict(type='ReLU'), dict(type='mmengine.ReLU')]
    assert found == dict(model=dict(type='BottomUpDepthEstimator', stages=kept), work_dir='a/b.c')
    assert config['model']['init_cfg'] is source
    assert harmless_config({}) == {}


@pytest.mark.parametrize(
    'model',
    [
        dict(type='subprocess.Popen', args='true'),
        dict(a=[(dict(type='torch.hub.load'),)]),
        dict(type='mmengine.config.Config'),
        dict(type='mmengine.load'),
        dict(type='mmcv.imread'),
        dict(type='mmdet.ReLU'),
        dict(type='os:system'),
        dict(type='this'),
        dict(type=''),
        dict(type=None),
        dict(type=['ReLU']),
        dict(a=[dict(type='ReLU', _scope_='this')]),
        dict(type='RandomResize', resize_type='this'),
    ],
)
def test_names_that_no_registry_holds(model):
    with pytest.raises(ValueError, match='not registered|is none of|is the name of a module'):
        harmless_config(dict(model=model))


@pytest.mark.parametrize(
    'values',
    [
        dict(type='TwoBranchEstimator'),
        dict(type='mmpose.TwoBranchEstimator'),
        dict(a=[dict(config='model')]),
        dict(checkpoint=dict(a=1)),
        dict(teacher='evil.py'),
        dict(file='/dev/stdin'),
        dict(names=('a', 'torchvision://resnet50')),
    ],
)
def test_models_and_pipelines_open_nothing(values):
    for config in (
        dict(model=values),
        dict(test_dataloader=dict(dataset=dict(pipeline=[values]))),
        dict(train_dataloader=dict(dataset=dict(metainfo=values))),
    ):
        with pytest.raises(ValueError, match='file or an address|from other files'):
            harmless_config(config)
