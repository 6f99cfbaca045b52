"""Kill the tools (SIGKILL) at random moments and in the midst of writing, start them again, and compare the results.

python benchmarks/interruptions.py [--kills 20] [--task NAME ...] [--out DIR] [--seed 0]

Each task runs once as a whole and then in lives that are ended by force, until so many were; a chain of lives that
reaches the end is compared with the whole run, and another one begins. Training: the logged curves (greatest
difference of any number) and the weights, their averages and the optimizer's state, bit for bit. All else: the files,
byte for byte.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from training_curves import logged

import mmp3d
from mmp3d.synthetic.crossing import CAMERA, POSES, VIDEO, write_crossing

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / 'tools'
IN_WRITING = Path(__file__).with_name('killed_in_writing.py')
# Seconds between two looks at the folder.
LOOK = 0.01
# Numbers of a log that are not results.
MEASURED_TIMES = ('time', 'data_time', 'memory')
BOTTOM_UP = """
_base_ = ['{root}/configs/bu_tiny_muco.py']
max_epochs = 40
train_cfg = dict(max_epochs=40, val_interval=5)
model = dict(
    backbone=dict(widths=(8, 16), encoder_blocks=(1, 1), decoder_blocks=(1,)), head=dict(in_channels=8))
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=7), logger=dict(interval=1))
custom_hooks = [dict(type='EMAHook', momentum=0.01), dict(type='SafeCheckpointHook')]
train_dataloader = dict(batch_size=4, dataset=dict(data_root='{data}/muco'))
val_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(data_root='{data}/mupots'))
test_dataloader = val_dataloader
"""
LIFTING = """
_base_ = ['{root}/configs/lifting_tiny_frames_virtual.py']
max_epochs = 20
train_cfg = dict(max_epochs=20, val_interval=5)
model = dict(pose_net=dict(backbone=dict(dropout=0.1)), depth_net=dict(backbone=dict(dropout=0.1)))
default_hooks = dict(logger=dict(interval=1))
train_dataloader = dict(batch_size=64, dataset=dict(num_items=1280, num_procedural=16))
val_dataloader = dict(dataset=dict(num_items=8))
test_dataloader = val_dataloader
"""


class Task(NamedTuple):
    """A command to be killed.

    Args:
        command: Tool and arguments that write to a folder; given again, it goes on.
        compare: What differs between two folders, as a text for the table; raises ValueError for other results.
        lives: How many lives a run is cut into, about.
        from_start: Moments are counted from the start of the process, not from its first file.
        by_backend: Files are written through mmengine's backend, so that it can be killed in the midst of writing.
    """

    command: Callable[[Path], list[str]]
    compare: Callable[[Path, Path], str]
    lives: int = 12
    from_start: bool = False
    by_backend: bool = True


def tasks(data: Path) -> dict[str, Task]:
    """All tasks by name; their data is made in the folder ``data``."""
    clip = data / 'clip'
    infer = ['infer.py', str(clip / VIDEO), '--pose2d', str(clip / POSES), '--camera', str(clip / CAMERA)]
    # A kill may come when everything is written, too.
    infer += ['--device', 'cpu', '--export', 'json', 'npz', 'bvh', 'html', '--skip-existing']
    synthetic = ['make_synthetic.py', '--format', 'muco', '--images', '400', '--workers', '2', '--size', '320', '200']
    label = ['pseudo_label.py', str(ROOT / 'configs/ssl_tiny_virtual.py')]
    label += [str(ROOT / 'weights/lifting_tiny_virtual.pth')]
    convert = ['data.py', 'convert', 'muco', '--root', str(data / 'large')]
    return {
        'bottom-up training': _training(data, BOTTOM_UP),
        'lifting training': _training(data, LIFTING),
        'inference, whole system': Task(lambda out: [*infer, '--model', 'tdbu', '--out', str(out)], same_files, 4),
        'inference, bottom-up': Task(lambda out: [*infer, '--model', 'bottomup', '--out', str(out)], same_files, 4),
        'synthetic data': Task(lambda out: [*synthetic, '--out', str(out)], same_files, 4, by_backend=False),
        'annotation cache': Task(lambda out: [*convert, '--out', str(out)], same_files, 2, True, False),
        'pseudo-labels': Task(lambda out: [*label, '--out', str(out / 'labels.npz')], same_files, 2, by_backend=False),
    }


def _training(data: Path, text: str) -> Task:
    config = data / f'{"bottom_up" if text is BOTTOM_UP else "lifting"}.py'
    config.write_text(text.format(root=ROOT, data=data))
    return Task(lambda out: ['train.py', str(config), '--work-dir', str(out), '--resume'], same_training)


def make_data(data: Path) -> None:
    """A few scenes to train on, an annotation file that is kept parsed, and a clip of two people who cross."""
    make = [sys.executable, str(TOOLS / 'make_synthetic.py'), '--seed', '3', '--size', '160', '100']
    subprocess.run([*make, '--format', 'muco', '--images', '24', '--out', str(data / 'muco')], check=True)
    mupots = ['--format', 'mupots', '--sequences', '2', '--frames', '3', '--out', str(data / 'mupots')]
    subprocess.run([*make, *mupots], check=True)
    subprocess.run([*make, '--format', 'muco', '--images', '600', '--out', str(data / 'large')], check=True)
    write_crossing(data / 'clip', 150)


def same_files(whole: Path, parts: Path) -> str:
    """Compare all files but hidden ones, byte for byte."""
    first, second = (
        {
            str(file.relative_to(folder)): file.read_bytes()
            for file in sorted(folder.rglob('*'))
            if file.is_file() and not file.name.startswith('.')
        }
        for folder in (whole, parts)
    )
    different = [name for name in first.keys() | second.keys() if first.get(name) != second.get(name)]
    if different or not first:
        raise ValueError(f'{parts}: other files than in {whole}: {sorted(different) or "none at all"}')
    hidden = [file.name for file in parts.rglob('.*') if file.is_file()]
    return f'{len(first)} files, the same bytes' + (f'; {len(hidden)} hidden ones are left' if hidden else '')


def same_training(whole: Path, parts: Path) -> str:
    """Compare curves and checkpoints."""
    first, second = (_numbers(logged(folder)) for folder in (whole, parts))
    if first.keys() != second.keys():
        raise ValueError(f'{parts}: other steps were logged: {sorted(first.keys() ^ second.keys())[:5]}')
    difference = max(abs(first[key] - second[key]) for key in first)
    names = [file.name for file in sorted(whole.glob('*.pth'))]
    if names != [file.name for file in sorted(parts.glob('*.pth'))]:
        raise ValueError(f'{parts}: other checkpoints than {names}')
    for name in names:
        one, two = (torch.load(folder / name, weights_only=True) for folder in (whole, parts))
        for part in ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers'):
            if not _equal(one.get(part), two.get(part)):
                raise ValueError(f'{parts}/{name}: another {part}')
    if difference > 1e-6:
        raise ValueError(f'{parts}: curves differ by up to {difference:.3g}')
    return f'{len(first)} logged numbers, greatest difference {difference:.3g}; {len(names)} checkpoints, bit for bit'


def _numbers(lines: list[dict]) -> dict[tuple, float]:
    return {
        ('iter' in line, line['step'], key): value
        for line in lines
        for key, value in line.items()
        if isinstance(value, int | float) and key not in MEASURED_TIMES
    }


def _equal(one: object, two: object) -> bool:
    """Whether nested values are the same, tensors bit for bit."""
    if isinstance(one, torch.Tensor):
        return isinstance(two, torch.Tensor) and torch.equal(one, two)
    if isinstance(one, dict):
        return isinstance(two, dict) and one.keys() == two.keys() and all(_equal(one[key], two[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(_equal, one, two))
    return one == two


class Life:
    """One run of a command, from its start to its end, by itself or by force.

    Args:
        command: Tool and arguments.
        folder: What it writes to.
        log: File that what it says is added to.
        from_start: Moments are counted from the start of the process, not from its first file.
    """

    def __init__(self, command: list[str], folder: Path, log: Path, from_start: bool) -> None:
        before = _state(folder)
        with log.open('a') as said:
            self.process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        while not from_start and self.process.poll() is None and _state(folder) == before:
            time.sleep(LOOK)
        self.begun = time.monotonic()

    def end(self, moment: float | None) -> int:
        """Wait for its end, at most until a moment (s), and kill it then; the status."""
        try:
            self.process.wait(moment)
        except subprocess.TimeoutExpired:
            self.process.kill()
        status = self.process.wait()
        self.lasted = time.monotonic() - self.begun
        return status


def _state(folder: Path) -> set[tuple[str, int]]:
    return {(str(file), file.stat().st_mtime_ns) for file in folder.glob('*')} if folder.is_dir() else set()


def run(task: Task, folder: Path, kills: int, chance: random.Random) -> str:
    """Run a task as a whole and in pieces; a line for the table.

    Raises:
        ValueError: A run failed, or its results are others.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log, whole = folder / 'log.txt', folder / 'whole'
    life = Life([sys.executable, *_at_root(task.command(whole))], whole, log, task.from_start)
    if life.end(None):
        raise ValueError(f'the whole run failed, see {log}')
    longest, done, in_writing, chains, said = life.lasted / task.lives * 2, 0, 0, 0, ''
    while done < kills or not chains:
        parts = folder / f'parts_{chains}'
        status = 1
        while status:
            command, moment = _at_root(task.command(parts)), chance.uniform(0, longest) if done < kills else None
            writing = moment is not None and task.by_backend and chance.random() < 0.3
            if writing:
                command, moment = [str(IN_WRITING), str(chance.randint(1, 3)), *command], None
            status = Life([sys.executable, *command], parts, log, task.from_start).end(moment)
            if status not in (0, -signal.SIGKILL):
                raise ValueError(f'status {status} after {done} kills, see {log}')
            done, in_writing = done + bool(status), in_writing + bool(status and writing)
        chains += 1
        said = task.compare(whole, parts)
    return f'{done} kills ({in_writing} in the midst of writing), {chains} runs brought to their end: {said}'


def _at_root(command: list[str]) -> list[str]:
    return [str(TOOLS / command[0]), *command[1:]]


def main() -> int:
    """Run the tasks; 1 where one has other results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--kills', type=int, default=20, help='of each task')
    parser.add_argument('--task', nargs='+', help='default: all')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/interruptions'), help='folder for everything')
    parser.add_argument('--seed', type=int, default=0, help='of the moments')
    args = parser.parse_args()
    mmp3d.register_all_modules()
    data, status = args.out.resolve() / 'data', 0
    data.mkdir(parents=True, exist_ok=True)
    make_data(data)
    known = tasks(data)
    if unknown := set(args.task or ()) - known.keys():
        parser.error(f'no task {sorted(unknown)}; known: {list(known)}')
    for name in args.task or known:
        try:
            said = run(
                known[name], args.out / name.replace(' ', '_').replace(',', ''), args.kills, random.Random(args.seed)
            )
        except ValueError as error:
            said, status = f'DIFFERENT: {error}', 1
        print(f'{name}: {said}', flush=True)
    return status


if __name__ == '__main__':
    sys.exit(main())
