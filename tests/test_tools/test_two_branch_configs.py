"""The whole system from the command line: one process or two, files that are not there."""

from __future__ import annotations

import json
import sys

import pytest

from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import CLOSE, Recipe
from tests.test_tools.test_train_test_evaluate import CHECKOUT, finish, results, tool

CONFIG = str(CHECKOUT / 'configs' / 'tdbu_tiny_mupots.py')


@pytest.fixture(scope='module')
def options(tmp_path_factory):
    root = tmp_path_factory.mktemp('data') / 'MuPoTS'
    generate(Recipe('mupots', 3, frames=4, people=(1, 3), size=(256, 160), seed=5, interactions=CLOSE), root)
    loader = ('num_workers=0', 'persistent_workers=False', f'dataset.data_root={root}')
    return ['--cfg-options', *(f'test_dataloader.{option}' for option in loader)]


@pytest.fixture(scope='module')
def tested(options, tmp_path_factory):
    """Work folder of a test run in one process, with its predictions."""
    folder = tmp_path_factory.mktemp('one')
    arguments = [CONFIG, '--work-dir', str(folder), '--out', str(folder / 'predictions.json')]
    tool('test')([*arguments, *options])
    return folder


def test_every_metric_of_the_config_is_printed(tested):
    scores = results(tested)
    names = ('AP25root/AP', 'PCK/all', 'PCKabs/all', 'AUCrel/all', 'MRPE/root', 'OrdinalDepth/all', 'Tracking3D/IDF1')
    assert all(name in scores for name in names)
    assert scores['PCK/recall'] > 50
    images = json.loads((tested / 'predictions.json').read_text())['images']
    assert len(images) == 12 and {source for image in images for source in image['instances']['source']} >= {'both'}


def test_two_processes_test_as_one(tested, options, tmp_path):
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2']
    command += [str(CHECKOUT / 'tools' / 'test.py'), CONFIG, '--launcher', 'pytorch', '--work-dir', str(tmp_path)]
    finish([*command, *options, f'model.stage_dir={tmp_path / "stages"}'])
    assert {path.name for path in (tmp_path / 'stages').iterdir()} == {'TS1-0', 'TS2-0', 'TS3-0'}
    one, two = results(tested), results(tmp_path)
    names = [name for name in one if '/' in name]
    assert len(names) > 20
    assert {name: two[name] for name in names} == pytest.approx({name: one[name] for name in names}, nan_ok=True)


@pytest.mark.parametrize('data', ['mupots', 'jta', '3dpw', 'h36m'])
def test_the_papers_networks_are_asked_for_by_name(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = str(CHECKOUT / 'configs' / f'tdbu_hrnet_w32_{data}.py')
    named = (
        r'model.top_down: no checkpoint at work_dirs/td_hrnet_w32_coco/epoch_100.pth; train it \(python tools/train.py'
    )
    with pytest.raises(FileNotFoundError, match=named):
        tool('test')([config])


def test_other_models_need_a_checkpoint():
    with pytest.raises(ValueError, match='give a CHECKPOINT'):
        tool('test')([str(CHECKOUT / 'configs' / 'bu_tiny_muco.py')])
