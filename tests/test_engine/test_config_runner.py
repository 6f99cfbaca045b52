"""What is wrong with a config is said in a ValueError before the first batch is learnt."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmp3d import register_all_modules
from mmp3d.engine.launch import build_runner

register_all_modules()
CONFIG = Path(__file__).resolve().parents[2] / 'configs' / 'gcn_tiny_virtual.py'


class BatchCount(Hook):
    """Counts the batches, or fails in the first one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.batches, self.error = 0, error

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        self.batches += 1
        if self.error is not None:
            raise self.error


def shrunk(work_dir: Path, **options: object) -> Config:
    """The config with a small network and little data."""
    cfg = Config.fromfile(CONFIG)
    for part in ('train', 'val', 'test'):
        loader = cfg[f'{part}_dataloader']
        loader.update(batch_size=4, num_workers=0, persistent_workers=False)
        loader.dataset.update(num_items=4, clip_length=1, num_procedural=40)
    cfg.merge_from_dict({'work_dir': str(work_dir), 'train_cfg.max_epochs': 1, 'train_cfg.val_interval': 1,
                         'model.gcn.hidden_channels': 8, **options})  # fmt: skip
    return cfg


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('optim_wrapper.optimizer.type', 'Foo', "optim_wrapper.optimizer.type: no optimizer is named 'Foo'"),
        ('optim_wrapper.optimizer.lrr', 1, "optim_wrapper cannot be built: .*'lrr'"),
        ('train_dataloader.dataset.nonsense', 1, "train_dataloader cannot be built: .*'nonsense'"),
        ('train_cfg.type', 'IterBasedTrainLoop', "train_cfg or train_dataloader cannot be built: .*'max_epochs'"),
        ('param_scheduler', [{'type': 'Nope'}], 'param_scheduler cannot be built: .*Nope'),
        ('auto_scale_lr', {'enable': True}, 'auto_scale_lr cannot be built: .*base_batch_size'),
        ('val_evaluator', [{'type': 'LiftingErrors', 'nonsense': 1}], "val_evaluator cannot be built: .*'nonsense'"),
        (
            'default_hooks.checkpoint.save_best',
            'nonsense',
            "no metric of val_evaluator has a score 'nonsense'.*LiftingErrors",
        ),
    ],
)
def test_mistakes_are_named_before_the_first_batch(field, value, message, tmp_path):
    cfg, count = shrunk(tmp_path), BatchCount()
    if isinstance(value, (dict, list)):
        cfg[field] = value
    else:
        cfg.merge_from_dict({field: value})
    runner = build_runner(cfg)
    runner.register_hook(count)
    with pytest.raises(ValueError, match=f'gcn_tiny_virtual.py: .*{message}'):
        runner.train()
    assert count.batches == 0


def test_mistakes_of_a_test_are_named(tmp_path):
    runner = build_runner(shrunk(tmp_path, **{'test_dataloader.dataset.nonsense': 1}))
    with pytest.raises(ValueError, match="test_dataloader or test_evaluator cannot be built: .*'nonsense'"):
        runner.test()


@pytest.mark.parametrize('name', ['auto', 'LiftingErrors/MPJPE', 'val_loss', ['LiftingErrors/MPJPE', 'auto_of_mine']])
def test_scores_that_metrics_may_have_are_taken(name, tmp_path):
    cfg = shrunk(tmp_path)
    cfg.default_hooks.checkpoint.save_best = name
    if isinstance(name, list):
        cfg.val_evaluator = [
            *cfg.val_evaluator,
            {'type': 'mmengine.DumpResults', 'out_file_path': str(tmp_path / 'x.pkl')},
        ]
    assert build_runner(cfg).val_loop is not None


def test_errors_from_within_training_stay_what_they_are(tmp_path):
    runner = build_runner(shrunk(tmp_path))
    runner.register_hook(BatchCount(KeyError('a defect')))
    with pytest.raises(KeyError, match='a defect'):
        runner.train()


def test_the_numbers_are_those_of_mmengines_runner(tmp_path):
    nothing = dict.fromkeys(['val_cfg', 'val_dataloader', 'val_evaluator'])
    # One after the other, as both set the same generators.
    own, its = (build(shrunk(tmp_path, **nothing)).train().state_dict() for build in (build_runner, Runner.from_cfg))
    assert all(torch.equal(value, its[name]) for name, value in own.items())
