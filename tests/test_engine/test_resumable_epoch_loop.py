"""A run that is broken off anywhere computes, resumed, what it would have computed anyway."""

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

from mmp3d.datasets.seeded_items import SeededItems

ITEMS, BATCH, EPOCHS, SAVED_EVERY = 10, 2, 4, 2
BATCHES = ITEMS // BATCH


def jitter(item: dict) -> dict:
    """Augmentation: a random number to every item."""
    return {'x': torch.tensor([item['x'] + np.random.rand()]), 'y': torch.tensor([item['x']])}


class Numbers(SeededItems, BaseDataset):
    """Ten numbers."""

    read: list[int] = []

    def __init__(self) -> None:
        super().__init__(pipeline=[jitter])

    def load_data_list(self) -> list[dict]:
        return [{'x': i / ITEMS} for i in range(ITEMS)]

    def get_data_info(self, idx: int) -> dict:
        self.read.append(int(idx))
        return super().get_data_info(idx)


class Noisy(BaseModel):
    """Layers with dropout and batch norm."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(1, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))

    def forward(self, x: list, y: list, mode: str) -> object:
        error = self.layers(torch.stack(x)) - torch.stack(y)
        return {'loss': error.square().mean()} if mode == 'loss' else list(error.abs())


class Error(BaseMetric):
    """Mean error; counts how often it was asked for."""

    asked = 0

    def process(self, data_batch: dict, data_samples: list) -> None:
        self.results.extend(float(error) for error in data_samples)

    def compute_metrics(self, results: list) -> dict:
        Error.asked += 1
        return {'error': float(np.mean(results))}


class PowerCut(Hook):
    """Ends the run after so many iterations, before or after the checkpoint hook, or within the validation."""

    def __init__(self, iteration: int | None, validation: int | None) -> None:
        self.iteration, self.validation = iteration, validation
        self.losses: dict[int, float] = {}

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict, outputs: dict) -> None:
        self.losses[runner.iter] = outputs['loss'].item()
        if runner.iter + 1 == self.iteration:
            raise KeyboardInterrupt

    def before_val_epoch(self, runner: Runner) -> None:
        if runner.epoch == self.validation:
            raise KeyboardInterrupt


def train(
    work_dir: Path,
    iteration: int | None = None,
    validation: int | None = None,
    resume: bool = False,
    sampler: str = 'ResumableSampler',
    workers: int = 0,
    seed: int | None = 5,
    batch: int = BATCH,
) -> Runner:
    """Train, possibly up to a power cut."""
    cut = PowerCut(iteration, validation)
    loader = {'dataset': Numbers(), 'batch_size': batch, 'num_workers': workers, 'collate_fn': pseudo_collate}
    runner = Runner(
        model=Noisy(),
        work_dir=str(work_dir),
        train_dataloader={**loader, 'persistent_workers': workers > 0, 'sampler': {'type': sampler, 'shuffle': True}},
        val_dataloader={**loader, 'num_workers': 0, 'sampler': {'type': 'DefaultSampler', 'shuffle': False}},
        train_cfg={'type': 'ResumableEpochLoop', 'max_epochs': EPOCHS, 'val_interval': 2},
        val_cfg={},
        val_evaluator={'type': Error, 'prefix': 'val'},
        optim_wrapper={'optimizer': {'type': 'Adam', 'lr': 0.05}},
        param_scheduler={'type': 'LinearLR', 'by_epoch': False, 'begin': 0, 'end': 20},
        default_hooks={
            'checkpoint': {
                'type': 'ReplacingCheckpointHook', 'by_epoch': False, 'interval': SAVED_EVERY, 'max_keep_ckpts': 2,
                'save_best': 'val/error', 'rule': 'less', 'backend_args': {'backend': 'atomic'}},
        },
        custom_hooks=[
            {'type': 'EMAHook', 'momentum': 0.1, 'ema_type': 'ExponentialMovingAverage'},
            {'type': 'SafeCheckpointHook'}, cut],
        randomness={'seed': seed},
        resume=resume,
        default_scope='mmpose',
        experiment_name=f'{work_dir.name}_{iteration}_{validation}_{resume}',
        log_level='WARNING',
    )  # fmt: skip
    with pytest.raises(KeyboardInterrupt) if iteration or validation else nullcontext():
        runner.train()
    runner.losses = cut.losses
    return runner


def assert_same(whole: Runner, resumed: Runner) -> None:
    """Losses, weights, averages and the checkpoints that are there."""
    assert resumed.losses.items() <= whole.losses.items()
    folders = [Path(runner.work_dir) for runner in (whole, resumed)]
    files = [sorted(file.name for file in folder.glob('*.pth')) for folder in folders]
    assert files[0] == files[1] and len(files[0]) == 3
    for name in files[0]:
        one, two = (torch.load(folder / name, weights_only=True) for folder in folders)
        for part in ('state_dict', 'ema_state_dict', 'param_schedulers'):
            assert str(one.get(part)) == str(two.get(part))
        kept = [each['message_hub']['runtime_info']['keep_ckpt_ids'] for each in (one, two)]
        assert kept[0] == kept[1]
        assert one['message_hub']['log_scalars'].keys() == two['message_hub']['log_scalars'].keys()


@pytest.fixture(scope='module')
def whole(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return train(tmp_path_factory.mktemp('whole'))


@pytest.mark.parametrize('iteration', [3, 5, 8, 11, 19])
def test_broken_off_anywhere(whole: Runner, tmp_path: Path, iteration: int) -> None:
    train(tmp_path, iteration)
    resumed = train(tmp_path, resume=True)
    # From the last checkpoint on, and nothing before.
    first = (iteration - 1) // SAVED_EVERY * SAVED_EVERY
    assert sorted(resumed.losses) == list(range(first, BATCHES * EPOCHS))
    assert_same(whole, resumed)


def test_batches_that_were_learnt_are_not_read(tmp_path: Path) -> None:
    train(tmp_path, 9)
    Numbers.read.clear()
    train(tmp_path, resume=True)
    learnt = BATCH * (BATCHES * EPOCHS - 8)
    assert len(Numbers.read) == learnt + 2 * ITEMS


def test_workers_make_the_same_items(whole: Runner, tmp_path: Path) -> None:
    train(tmp_path, 9, workers=2)
    assert_same(whole, train(tmp_path, resume=True, workers=1))


def test_another_sampler_is_read_up_to_where_the_run_was(tmp_path: Path) -> None:
    train(tmp_path, 9, sampler='DefaultSampler')
    assert sorted(train(tmp_path, resume=True, sampler='DefaultSampler').losses) == list(range(8, 20))


def test_a_validation_that_was_broken_off_is_done_first(whole: Runner, tmp_path: Path) -> None:
    train(tmp_path, validation=2)
    resumed = train(tmp_path, resume=True)
    assert_same(whole, resumed)


def test_a_recorded_validation_is_not_repeated(tmp_path: Path) -> None:
    train(tmp_path, 2 * BATCHES + 1)
    Error.asked = 0
    train(tmp_path, resume=True)
    assert Error.asked == 1


def test_a_seed_that_was_drawn_is_resumed(tmp_path: Path) -> None:
    first = train(tmp_path, 9, seed=None)
    resumed = train(tmp_path, resume=True, seed=None)
    assert resumed.seed == first.seed == resumed.train_dataloader.sampler.seed
    assert resumed.losses[8] == first.losses[8]


def test_an_epoch_of_other_batches_begins_anew(tmp_path: Path) -> None:
    train(tmp_path, 9)
    resumed = train(tmp_path, resume=True, batch=5)
    # The second epoch and those after it, of two batches each.
    assert sorted(resumed.losses) == list(range(8, 8 + 3 * 2))
    log = (Path(resumed.log_dir) / f'{resumed.timestamp}.log').read_text()
    assert 'epoch 2 begins anew: it was broken off after 3 of 5 batches, and has 2 now' in log
