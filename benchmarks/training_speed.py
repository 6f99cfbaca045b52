"""Training beside the bare network: samples a second with workers and files, and with tensors that lie in memory.

python benchmarks/training_speed.py [CONFIG ...] [--blocks 6] [--iterations 60] [--data DIR]
python benchmarks/training_speed.py --memory [CONFIG ...] [--iterations 2000]

Runs mmengine's runner on the configs as they are, with one thread for the network and the config's number of workers
(--workers), on synthetic data in DIR, which is made where it is missing. Blocks of training take turns with blocks of
the bare network, forward and backward on batches that are ready; what the workers made ahead while the other side ran
is not counted. "step" is the bare network with its optimizer. "ms" are milliseconds of processor time a sample:
of the bare network, of the training process, and of the data in one process, from the file to the batch.

--memory prints the resident memory, and the part of it that is not shared, of the training process and its workers
after a tenth of the iterations and after all.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

import mmp3d
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import Recipe

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
DEFAULT = ('bu_tiny_muco', 'td_tiny_coco', 'lifting_tiny_virtual')
# The pictures that the shipped networks learnt from, in the folders in which the configs look for them.
DATA = {
    'MuCo': Recipe('muco', 600, seed=1, size=(384, 240)),
    'coco': Recipe('coco', 400, people=(1, 5), seed=1, size=(384, 288), interactions='close'),
}
KEPT_BATCHES = 4


class Spent(NamedTuple):
    """Seconds of a number of samples: on the clock and of this process."""

    clock: float
    processor: float
    samples: int


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self.start = time.perf_counter(), time.process_time()

    def read(self, samples: int) -> Spent:
        """What was spent on so many samples."""
        return Spent(time.perf_counter() - self.start[0], time.process_time() - self.start[1], samples)


class TakeTurns(Hook):
    """After each block of training iterations, as many of the bare network and of the network with its optimizer.

    Args:
        iterations: Of a block.
        uncounted: At the start of each block.
    """

    def __init__(self, iterations: int, uncounted: int) -> None:
        self.iterations, self.uncounted = iterations, uncounted
        self.done, self.batches = 0, []
        self.spent: dict[str, list[Spent]] = dict(training=[], bare=[], step=[])

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        """Count; at the end of a block, run the others."""
        if len(self.batches) < KEPT_BATCHES:
            self.batches.append(runner.model.data_preprocessor(data_batch, training=True))
        self.done += 1
        if self.done == self.uncounted:
            self.watch = Stopwatch()
        elif self.done == self.uncounted + self.iterations:
            samples = self.iterations * runner.train_dataloader.batch_size
            self.spent['training'].append(self.watch.read(samples))
            for name, run in (('bare', bare), ('step', step)):
                self.spent[name].append(self._others(runner, run, samples))
            self.done = 0

    def _others(self, runner: Runner, run: Callable[[Runner, Any], None], samples: int) -> Spent:
        batches = itertools.cycle(self.batches)
        for _ in range(self.uncounted):
            run(runner, next(batches))
        watch = Stopwatch()
        for _ in range(self.iterations):
            run(runner, next(batches))
        return watch.read(samples)


def _loss(model: torch.nn.Module, batch: Any) -> torch.Tensor:
    return model.parse_losses(model._run_forward(batch, mode='loss'))[0]


def bare(runner: Runner, batch: Any) -> None:
    """Forward and backward."""
    _loss(runner.model, batch).backward()
    runner.model.zero_grad()


def step(runner: Runner, batch: Any) -> None:
    """Forward, backward and optimizer."""
    runner.optim_wrapper.update_params(_loss(runner.model, batch))


class MeasureMemory(Hook):
    """Look at the memory of this process and of its workers after some iterations."""

    def __init__(self, after: Sequence[int]) -> None:
        self.after = after
        self.seen: list[dict[str, tuple[float, float]]] = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        """Look."""
        if runner.iter + 1 in self.after:
            workers = {f'worker {number}': child.pid for number, child in enumerate(_children())}
            self.seen.append({name: memory_of(pid) for name, pid in {'training': os.getpid(), **workers}.items()})


def _children() -> list:
    return sorted(multiprocessing.active_children(), key=lambda child: child.pid)


def memory_of(pid: int) -> tuple[float, float]:
    """Resident MB of a process, and those that it shares with no other.

    Raises:
        FileNotFoundError: The system does not tell: not Linux.
    """
    path = Path(f'/proc/{pid}/smaps_rollup')
    if not path.exists():
        raise FileNotFoundError(f'{path}: no such file; --memory needs Linux')
    sizes = {line.split(':')[0]: int(line.split()[1]) for line in path.read_text().splitlines()[1:]}
    return sizes['Rss'] / 1024, (sizes['Private_Clean'] + sizes['Private_Dirty']) / 1024


def make_data(folder: Path) -> None:
    """Write the synthetic pictures that are not there yet."""
    for name, recipe in DATA.items():
        if not (folder / name).exists():
            generate(recipe, folder / name)


def prepared(name: str, args: argparse.Namespace, iterations: int, work_dir: str) -> Config:
    """The config, whose only epoch has so many iterations, and without validation."""
    cfg = Config.fromfile(CONFIGS / f'{name}.py')
    loader = cfg.train_dataloader
    if args.workers is not None:
        loader.update(num_workers=args.workers, persistent_workers=args.workers > 0)
    if args.batch_size is not None:
        loader.batch_size = args.batch_size
    samples = iterations * loader.batch_size
    if 'num_items' in loader.dataset:
        loader.dataset.num_items = samples
    else:
        _in_folder(loader.dataset, args.data)
        loader.dataset = dict(type='RepeatDataset', dataset=loader.dataset, times=samples)
        loader.num_batch_per_epoch = iterations
    cfg.train_cfg.max_epochs = 1
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.test_cfg = cfg.test_dataloader = cfg.test_evaluator = None
    cfg.default_hooks.checkpoint = None
    cfg.update(load_from=None, work_dir=work_dir, launcher='none', log_level='WARNING')
    return cfg


def _in_folder(dataset: dict, folder: Path) -> None:
    inner = dataset.get('dataset', dataset)
    inner.data_root = str(folder / Path(inner.data_root).name)


def data_seconds(runner: Runner, samples: int) -> float:
    """Processor seconds of as many samples, from the file to the batch, in this process."""
    loader = runner.train_dataloader
    batches, watch, done = iter(loader.batch_sampler), Stopwatch(), 0
    for indices in itertools.islice(batches, -(-samples // loader.batch_size)):
        fetch = getattr(loader.dataset, '__getitems__', None)
        loader.collate_fn(fetch(indices) if fetch else [loader.dataset[index] for index in indices])
        done += len(indices)
    return watch.read(done).processor / done


def compare(name: str, args: argparse.Namespace) -> None:
    """Print the line of one config."""
    uncounted = 10
    turns = TakeTurns(args.iterations, uncounted)
    with tempfile.TemporaryDirectory() as folder:
        cfg = prepared(name, args, args.blocks * (args.iterations + uncounted), folder)
        runner = Runner.from_cfg(cfg)
        runner.register_hook(turns, 'LOWEST')
        runner.train()
        data = data_seconds(runner, 20 * runner.train_dataloader.batch_size)
    rate = {key: statistics.median(s.samples / s.clock for s in spent) for key, spent in turns.spent.items()}
    busy = {key: statistics.median(1e3 * s.processor / s.samples for s in spent) for key, spent in turns.spent.items()}
    shares = [[one.samples / one.clock for one in turns.spent[key]] for key in ('training', 'bare', 'step')]
    ratios = [statistics.median(t / o for t, o in zip(shares[0], other)) for other in shares[1:]]
    print(
        name,
        {k: round(v, 1) for k, v in rate.items()},
        {k: round(v, 3) for k, v in busy.items()},
        'data',
        round(1e3 * data, 3),
        'ratios',
        ratios,
        'busy',
        busy['bare'] / busy['training'],
        flush=True,
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='*', default=DEFAULT)
    parser.add_argument('--data', type=Path, default=Path('work_dirs/training_speed'))
    parser.add_argument('--blocks', type=int, default=6)
    parser.add_argument('--iterations', type=int, default=60)
    parser.add_argument('--workers', type=int)
    parser.add_argument('--batch-size', type=int)
    parser.add_argument('--memory', action='store_true')
    args = parser.parse_args(arguments)
    mmp3d.register_all_modules()
    torch.set_num_threads(1)
    make_data(args.data)
    for name in args.configs:
        compare(name, args)


if __name__ == '__main__':
    main()
