"""Runs of a tiny network: every file loads safely, and a resumed run continues as if it had never stopped."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

from mmp3d.compat.checkpoint import load_checkpoint
from mmp3d.engine import SafeCheckpointHook


class Numbers(BaseDataset):
    """Eight inputs x and targets 2x, with metainfo that only an unsafe loader reads."""

    METAINFO = {'sigmas': np.array([0.5, 0.25], np.float32), 'names': ['a', 'b'], 'count': np.int64(2)}

    def load_data_list(self) -> list[dict]:
        return [{'x': torch.tensor([i / 8]), 'y': torch.tensor([i / 4])} for i in range(8)]


class Doubler(BaseModel):
    """One linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)
        nn.init.constant_(self.layer.weight, 0.1)
        nn.init.zeros_(self.layer.bias)

    def forward(self, x: list, y: list, mode: str, **kwargs: object) -> object:
        error = self.layer(torch.stack(x)) - torch.stack(y)
        return {'loss': error.square().mean()} if mode == 'loss' else list(error.abs())


class NumpyError(BaseMetric):
    """Mean error as a numpy scalar, which the checkpoint hook keeps as best score."""

    def process(self, data_batch: dict, data_samples: list) -> None:
        self.results.extend(float(error) for error in data_samples)

    def compute_metrics(self, results: list) -> dict:
        return {'error': np.mean(results)}


class LossLog(Hook):
    """Keeps the loss of every iteration."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict, outputs: dict) -> None:
        self.losses.append(outputs['loss'].item())


class PowerCut(Hook):
    """Interrupts the run when an epoch begins."""

    def __init__(self, epoch: int | None) -> None:
        self.epoch = epoch

    def before_train_epoch(self, runner: Runner) -> None:
        if runner.epoch == self.epoch:
            raise KeyboardInterrupt


SAFE = [{'type': 'mmpose.SafeCheckpointHook'}]
EMA = [{'type': 'EMAHook', 'ema_type': 'ExponentialMovingAverage', 'momentum': 0.1}]


def train(work_dir: Path, epochs: int, stop_at: int | None = None, resume: bool = False, **kwargs: object) -> Runner:
    """Train for `epochs`, interrupted after `stop_at` of them."""
    loader = {
        'dataset': Numbers(),
        'batch_size': 2,
        'num_workers': 0,
        'sampler': {'type': 'DefaultSampler', 'shuffle': True},
        'collate_fn': pseudo_collate,
    }
    log = LossLog()
    runner = Runner(
        model=Doubler(),
        work_dir=str(work_dir),
        train_dataloader=loader,
        val_dataloader={**loader, 'sampler': {'type': 'DefaultSampler', 'shuffle': False}},
        train_cfg={'by_epoch': True, 'max_epochs': epochs, 'val_interval': 1},
        val_cfg={},
        val_evaluator={'type': NumpyError, 'prefix': 'val'},
        optim_wrapper={'optimizer': {'type': 'Adam', 'lr': 0.05}, **kwargs.pop('optim_wrapper', {})},
        param_scheduler={'type': 'MultiStepLR', 'milestones': [1, 3], 'by_epoch': True},
        default_hooks={
            'checkpoint': {
                'type': 'CheckpointHook',
                'interval': 1,
                'save_best': 'val/error',
                'rule': 'less',
                'backend_args': {'backend': 'atomic'},
                'published_keys': ['meta', 'state_dict'],
                **kwargs.pop('checkpoint', {}),
            }
        },
        custom_hooks=[*kwargs.pop('safe', SAFE), log, PowerCut(stop_at), *kwargs.pop('custom_hooks', [])],
        randomness={'seed': 5},
        resume=resume,
        default_scope='mmengine',
        experiment_name=f'{work_dir.name}_{stop_at}_{resume}',
        log_level='WARNING',
        **kwargs,
    )
    with pytest.raises(KeyboardInterrupt) if stop_at else nullcontext():
        runner.train()
    runner.losses = log.losses
    return runner


@pytest.mark.parametrize('hooks', [[], EMA], ids=['plain', 'ema'])
def test_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, hooks: list) -> None:
    whole = train(tmp_path / 'whole', 4, custom_hooks=hooks)
    first = train(tmp_path / 'parts', 4, stop_at=2, custom_hooks=hooks)
    second = train(tmp_path / 'parts', 4, resume=True, custom_hooks=hooks)
    assert first.losses + second.losses == whole.losses
    assert len(whole.losses) == 16
    assert second.message_hub.get_scalar('train/loss').data[0].tolist() == whole.losses
    for tensors in zip(whole.model.state_dict().values(), second.model.state_dict().values(), strict=True):
        assert torch.equal(*tensors)


@pytest.mark.parametrize('hooks', [[], EMA], ids=['plain', 'ema'])
def test_every_file_of_a_run_loads_safely(tmp_path: Path, hooks: list) -> None:
    train(tmp_path, 2, custom_hooks=hooks)
    files = sorted(tmp_path.glob('*.pth'))
    assert {file.name.split('_')[0] for file in files} == {'epoch', 'best'}
    assert len(files) == 5  # two epochs, the best, and the published twins of the last and the best
    for file in files:
        checkpoint = torch.load(file, weights_only=True)
        assert checkpoint['meta']['dataset_meta'] == {'sigmas': [0.5, 0.25], 'names': ['a', 'b'], 'count': 2}
    last = torch.load((tmp_path / 'last_checkpoint').read_text(), weights_only=True)
    assert ('ema_state_dict' in last) is bool(hooks)
    assert last['meta']['epoch'] == 2


def test_hook_is_still_needed(tmp_path: Path) -> None:
    """When this fails, mmengine saves plain data and the hook can go."""
    train(tmp_path, 2, stop_at=1, safe=[])
    with pytest.raises(ValueError, match='epoch_1.pth: refused'):
        load_checkpoint(tmp_path / 'epoch_1.pth')


@pytest.mark.parametrize(('kept', 'warns'), [(1, True), (2, False)])
def test_a_hook_that_removes_the_only_checkpoint_first_is_warned_of(tmp_path: Path, kept: int, warns: bool) -> None:
    train(tmp_path, 2, checkpoint={'max_keep_ckpts': kept})
    (log,) = tmp_path.rglob('*.log')
    said = (
        "max_keep_ckpts=1 removes the only checkpoint before the next one is whole; use type='ReplacingCheckpointHook'"
    )
    assert (said in log.read_text()) is warns


def test_checkpoint_from_before_the_hook_passes_through_it(tmp_path: Path) -> None:
    runner = train(tmp_path, 2, stop_at=1, safe=[])
    checkpoint = load_checkpoint(tmp_path / 'epoch_1.pth', trust=True)
    SafeCheckpointHook().after_load_checkpoint(runner, checkpoint)
    assert checkpoint['message_hub']['log_scalars']['train/loss'].data[0].tolist() == runner.losses


def test_resuming_does_not_take_the_metainfo_for_another(tmp_path: Path) -> None:
    train(tmp_path, 2, stop_at=1)
    runner = train(tmp_path, 2, resume=True)
    log = (Path(runner.log_dir) / f'{runner.timestamp}.log').read_text()
    assert 'metainfo from the resumed checkpoint is different' not in log


def test_weights_load_for_a_test_run(tmp_path: Path) -> None:
    trained = train(tmp_path, 2)
    model = Doubler()
    trained.model, before = model, trained.model.state_dict()
    trained.load_checkpoint(str(tmp_path / 'epoch_2.pth'))
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_amp_training_resumes(tmp_path: Path) -> None:
    if not torch.cuda.is_available():
        pytest.skip('mmengine trains with AMP on accelerators only')
    amp = {'optim_wrapper': {'type': 'AmpOptimWrapper'}}
    whole = train(tmp_path / 'whole', 4, **amp)
    train(tmp_path / 'parts', 4, stop_at=2, **amp)
    assert train(tmp_path / 'parts', 4, resume=True, **amp).losses == whole.losses[8:]
