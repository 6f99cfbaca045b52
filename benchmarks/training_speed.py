"""Training beside the bare network: samples a second with workers and files, and with tensors that lie in memory.

python benchmarks/training_speed.py [CONFIG ...] [--workers 2] [--blocks 6] [--iterations 60] [--data DIR]
python benchmarks/training_speed.py --memory [CONFIG ...] [--iterations 2000] [--batch-size N]

CONFIG is a name in configs/ or a file. Runs mmengine's runner on it, with its hooks and its batch size, one thread for
the network and --workers for the data, on synthetic pictures in DIR, which are made where they are missing. Blocks of
training take turns with blocks of the bare network: forward and backward on batches that are ready; "step" is that
with the optimizer. What the workers made ahead while others ran is not counted. A line gives samples a second, the
median over the blocks of training's share of the bare network's rate and of step's, and milliseconds of processor time
a sample: of the bare network, of step, of the training process, and of the data in one process, file to batch.

--memory prints the MB of the training process and of each worker after a tenth of the iterations and after all:
resident, and of these what no other process shares.
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
from mmp3d.engine.launch import load_config
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
# Batches that a worker makes ahead: torch's default.
PREFETCHED = 2
BLOCK, LONG_RUN = 60, 2000
COLUMNS = ('bare/s', 'step/s', 'training', '/ bare', '/ step', 'bare, ms', 'step', 'training', 'data')
MEMORY_COLUMNS = ('resident', 'then', 'growth', 'own', 'then', 'growth')


class Spent(NamedTuple):
    """Seconds of a number of samples: on the clock and of this process."""

    clock: float
    processor: float
    samples: int

    @property
    def rate(self) -> float:
        """Samples a second of the clock."""
        return self.samples / self.clock

    @property
    def milliseconds(self) -> float:
        """Of this process, a sample."""
        return 1e3 * self.processor / self.samples


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
            workers = sorted(child.pid for child in multiprocessing.active_children())
            names = {'training': os.getpid(), **{f'worker {number}': pid for number, pid in enumerate(workers)}}
            self.seen.append({name: memory_of(pid) for name, pid in names.items()})


def memory_of(pid: int) -> tuple[float, float]:
    """Resident MB of a process, and those of them that it shares with no other.

    Raises:
        FileNotFoundError: The system does not tell: not Linux.
    """
    path = Path(f'/proc/{pid}/smaps_rollup')
    if not path.exists():
        raise FileNotFoundError(f'{path}: no such file; --memory needs Linux')
    lines = (line.split() for line in path.read_text().splitlines()[1:])
    sizes = {name: int(size) / 1024 for name, size, _ in lines}
    return sizes['Rss:'], sizes['Private_Clean:'] + sizes['Private_Dirty:']


def make_data(folder: Path) -> None:
    """Write the synthetic pictures that are not there yet."""
    for name, recipe in DATA.items():
        if not (folder / name).exists():
            generate(recipe, folder / name)


def prepared(config: str, args: argparse.Namespace, iterations: int, work_dir: str) -> Config:
    """The config, whose only epoch has so many iterations, without validation and checkpoints."""
    path = Path(config)
    cfg = load_config(str(path if path.suffix else CONFIGS / f'{config}.py'), required=('model', 'train_dataloader'))
    loader = cfg.train_dataloader
    loader.update(num_workers=args.workers, persistent_workers=args.workers > 0)
    loader.batch_size = args.batch_size or loader.batch_size
    samples = iterations * loader.batch_size
    if 'num_items' in loader.dataset:
        loader.dataset.num_items = samples
    else:
        inner = loader.dataset.get('dataset', loader.dataset)
        inner.data_root = str(args.data / Path(inner.data_root).name)
        loader.dataset = dict(type='RepeatDataset', dataset=loader.dataset, times=samples)
        loader.num_batch_per_epoch = iterations
    cfg.train_cfg.max_epochs = 1
    for part in ('val', 'test'):
        cfg.update({f'{part}_{name}': None for name in ('cfg', 'dataloader', 'evaluator')})
    cfg.default_hooks.checkpoint = None
    # mmengine gives out the visualizer of a name again, and with it the folder of the run before.
    cfg.visualizer.name = work_dir
    cfg.update(load_from=None, work_dir=work_dir, launcher='none', log_level='WARNING')
    return cfg


def train(config: str, args: argparse.Namespace, iterations: int, hook: Hook) -> Runner:
    """The runner after so many iterations, which the hook has watched."""
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner.from_cfg(prepared(config, args, iterations, folder))
        runner.register_hook(hook, 'LOWEST')
        runner.train()
    return runner


def data_milliseconds(runner: Runner, batches: int = 10) -> float:
    """Processor time a sample of the data alone, in this process."""
    loader = runner.train_dataloader
    whole = getattr(loader.dataset, '__getitems__', None)
    watch, samples = Stopwatch(), 0
    for indices in itertools.islice(iter(loader.batch_sampler), batches):
        loader.collate_fn(whole(indices) if whole else [loader.dataset[index] for index in indices])
        samples += len(indices)
    return watch.read(samples).milliseconds


def compare(config: str, args: argparse.Namespace) -> None:
    """Print the line of one config."""
    uncounted = args.workers * PREFETCHED + 2
    turns = TakeTurns(args.iterations or BLOCK, uncounted)
    runner = train(config, args, args.blocks * (turns.iterations + uncounted), turns)
    bare_runs, steps, training = (turns.spent[name] for name in ('bare', 'step', 'training'))
    rates = (statistics.median(spent.rate for spent in side) for side in (bare_runs, steps, training))
    shares = (
        statistics.median(mine.rate / other.rate for mine, other in zip(training, side, strict=True))
        for side in (bare_runs, steps)
    )
    busy = [statistics.median(spent.milliseconds for spent in side) for side in (bare_runs, steps, training)]
    print(
        f'{config:24}',
        *(f'{rate:9.1f}' for rate in rates),
        *(f'{share:9.2f}' for share in shares),
        *(f'{value:9.3f}' for value in (*busy, data_milliseconds(runner))),
        flush=True,
    )


def watch_memory(config: str, args: argparse.Namespace) -> None:
    """Print a line for each process of a run."""
    iterations = args.iterations or LONG_RUN
    hook = MeasureMemory((iterations // 10, iterations))
    train(config, args, iterations, hook)
    early, late = hook.seen
    for name, (resident, own) in early.items():
        numbers = resident, late[name][0], late[name][0] - resident, own, late[name][1], late[name][1] - own
        print(f'{config:24} {name:10}', *(f'{number:9.1f}' for number in numbers), flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='*', default=DEFAULT, metavar='CONFIG')
    parser.add_argument('--data', type=Path, default=Path('work_dirs/training_speed'), help='folder of the pictures')
    parser.add_argument('--workers', type=int, default=2)
    parser.add_argument('--batch-size', type=int, help="default: the config's")
    parser.add_argument('--blocks', type=int, default=6)
    parser.add_argument('--iterations', type=int, help=f'of a block, {BLOCK}; with --memory of the run, {LONG_RUN}')
    parser.add_argument('--memory', action='store_true')
    args = parser.parse_args(arguments)
    mmp3d.register_all_modules()
    torch.set_num_threads(1)
    make_data(args.data)
    columns = MEMORY_COLUMNS if args.memory else COLUMNS
    print(f'{"":{35 if args.memory else 24}}', *(f'{name:>9}' for name in columns))
    for config in args.configs:
        (watch_memory if args.memory else compare)(config, args)


if __name__ == '__main__':
    main()
