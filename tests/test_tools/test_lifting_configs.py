"""The lifters' configs train and test from the command line, one after the other."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.apis import load_lifters
from mmp3d.compat.checkpoint import load_checkpoint

CHECKOUT = Path(__file__).resolve().parents[2]
SMALL = [
    'train_cfg.max_epochs=1',
    'train_cfg.val_interval=1',
    'train_dataloader.batch_size=4',
    'train_dataloader.dataset.num_items=8',
    'train_dataloader.dataset.num_procedural=4',
]
for part in ('train', 'val', 'test'):
    SMALL += [f'{part}_dataloader.num_workers=0', f'{part}_dataloader.persistent_workers=False']
for part in ('val', 'test'):
    SMALL += [f'{part}_dataloader.dataset.{option}' for option in ('num_items=2', 'clip_length=5', 'num_procedural=40')]
GCN = ['model.gcn.hidden_channels=8']


def temporal(net):
    """A small net, and windows a little longer than its receptive field."""
    backbone = f'model.{net}.backbone'
    small = [f'{backbone}.stem_channels=8', f'{backbone}.kernel_sizes=(3,3)']
    return [*small, 'train_dataloader.dataset.clip_length=11']


def tool(name):
    spec = importlib.util.spec_from_file_location(f'tool_{name}', CHECKOUT / 'tools' / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def trained_and_tested(config, folder, options):
    """The checkpoint of a short training, and the scores of its test."""
    path, work_dir = str(CHECKOUT / 'configs' / f'{config}.py'), folder / config
    options = ['--cfg-options', *SMALL, *options]
    tool('train')([path, '--work-dir', str(work_dir), *options])
    checkpoint = work_dir / 'epoch_1.pth'
    tool('test')([path, str(checkpoint), '--work-dir', str(work_dir / 'test'), *options])
    (scores,) = (work_dir / 'test').glob('*/results.json')
    return checkpoint, json.loads(scores.read_text())['scores']


def test_the_temporal_pose_net_is_trained_on_the_graph_network_before_it(tmp_path):
    gcn, scores = trained_and_tested('gcn_tiny_virtual', tmp_path, GCN)
    assert scores['LiftingErrors/MPJPE'] > 0
    nets = [*temporal('pose_net'), *temporal('depth_net')]
    options = [*GCN, *nets, 'load_from=None', f'model.gcn.init_cfg.checkpoint={gcn}']
    both, scores = trained_and_tested('tcn_pose_tiny_virtual', tmp_path, options)
    assert scores['LiftingErrors/PA-MPJPE'] > 0
    after = load_checkpoint(both)['state_dict']
    assert all((after[name] == value).all() for name, value in load_checkpoint(gcn)['state_dict'].items())


def test_the_root_depth_net_needs_no_pose(tmp_path):
    _, scores = trained_and_tested('tcn_root_tiny_virtual', tmp_path, temporal('depth_net'))
    assert scores['LiftingErrors/root-depth-median'] > 0


@pytest.mark.parametrize('name', ['gcn_h36m', 'tcn_pose_h36m', 'tcn_root_muco'])
def test_the_papers_recipes_have_the_receptive_field_that_they_name(name):
    cfg = Config.fromfile(CHECKOUT / 'configs' / f'{name}.py')
    model = MODELS.build(cfg.model)
    nets = [net for net in (model.pose_net, model.depth_net) if net is not None]
    assert all(net.receptive_field == cfg.receptive_field == 243 for net in nets)
    assert len(nets) == (name != 'gcn_h36m')


def test_pose_and_depth_are_trained_at_once_on_frames_and_then_on_windows(tmp_path):
    frames = [f'model.{net}.backbone.stem_channels=8' for net in ('pose_net', 'depth_net')]
    start, _ = trained_and_tested('lifting_tiny_frames_virtual', tmp_path, frames)
    # Not a kernel fewer: the weights for single frames are the middle of the windows' kernels.
    windows = [*frames, 'train_dataloader.dataset.clip_length=27', f'load_from={start}']
    _, scores = trained_and_tested('lifting_tiny_virtual', tmp_path, windows)
    assert scores['LiftingErrors/MPJPE'] > 0
    assert scores['LiftingErrors/root-depth-median'] > 0


def test_stages_of_two_trainings_are_published_in_one_file(tmp_path):
    register_all_modules()
    gcn = dict(type='PoseGCN', hidden_channels=8)
    net = dict(type='TemporalDepthNet', backbone=dict(kernel_sizes=(3, 3), stem_channels=8))
    for name, stages in (
        ('pose', dict(gcn=gcn)),
        ('root', dict(depth_net=net)),
        ('both', dict(gcn=gcn, depth_net=net)),
    ):
        model = dict(type='PoseLiftingEstimator', **stages)
        (tmp_path / f'{name}.py').write_text(f'model = {model!r}\n')
        torch.save({'state_dict': MODELS.build(model).state_dict(), 'meta': {}}, tmp_path / f'{name}.pth')
    pose, root, out = (str(tmp_path / f'{name}.pth') for name in ('pose', 'root', 'published'))
    tool('publish_model')([str(tmp_path / 'both.py'), pose, '--with', root, '--out', out])
    published = load_lifters(tmp_path / 'both.py', out).state_dict()
    trained = load_checkpoint(pose)['state_dict'] | load_checkpoint(root)['state_dict']
    assert all(torch.equal(published[name], value) for name, value in trained.items())
    assert set(published) == set(trained)


def test_weights_of_another_config_are_refused_before_a_file_is_replaced(tmp_path):
    config, other, out = (tmp_path / name for name in ('gcn.py', 'other.pth', 'good.pth'))
    config.write_text("model = dict(type='PoseLiftingEstimator', gcn=dict(type='PoseGCN', hidden_channels=8))\n")
    torch.save({'state_dict': {'gcn.other': torch.zeros(3)}, 'meta': {}}, other)
    out.write_bytes(b'good')
    with pytest.raises(ValueError, match='other.pth: weights of another architecture'):
        tool('publish_model')([str(config), str(other), '--out', str(out)])
    assert out.read_bytes() == b'good'
