"""The whole of mmp3d on a laptop: a clip of two people who cross, and where they are in space.

python tools/demo.py [--quick] [--fresh] [--out DIR]                 under 5 minutes
python tools/demo.py --train                                         data, a training and a test, too
python tools/demo.py --video FILE [--pose2d FILE]                    your own video, and nothing else

Each step prints the command that does the same by hand. A finished step is not done again; an interrupted one goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

import mmp3d
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.export import read_clip
from mmp3d.geometry import MUPOTS17
from mmp3d.synthetic.crossing import CAMERA, POSES, TRUTH, VIDEO, write_crossing

ROOT = Path(__file__).resolve().parents[1]
CONFIG = 'configs/bu_tiny_muco.py'
WEIGHTS = 'weights/bu_tiny_muco.pth'
# Not the seeds of the shipped weights' training (1, and 9001 to validate): these scenes are new to them.
TRAIN_SEED, TEST_SEED, CROSSING_SEED = 7001, 7002, 0
SCORES = ('AP25root/AP', 'PCK/all', 'PCKabs/all', 'AUCrel/all')
EXPORTS = ('json', 'html', 'mp4', 'bvh', 'trc')
RECORD_START = re.compile(r'^\d\d/\d\d \d\d:\d\d:\d\d - mmengine - \w+ - ')
FAILURE = ('error', 'Traceback')
COURSE = re.compile(r'Epoch\(|WARNING|ERROR|[Rr]esum|^error|^\w*Error|^Traceback')
PREAMBLE = ('System environment', 'Config:', 'Hooks will be executed', 'Distributed training is not used')
DONE = 'done.json'


class DemoError(Exception):
    """A step failed; the message says what to do."""


@dataclass(frozen=True)
class Size:
    """How much of everything the demo does."""

    crossing: int
    images: int
    sequences: int
    frames: int
    epochs: int
    val_stride: int
    log_interval: int


FULL = Size(crossing=75, images=1600, sequences=3, frames=60, epochs=4, val_stride=6, log_interval=10)
QUICK = Size(crossing=30, images=128, sequences=2, frames=10, epochs=2, val_stride=2, log_interval=2)


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--video', type=Path, metavar='FILE', help='find the people of this video or image, and nothing else'
    )
    parser.add_argument(
        '--pose2d', type=Path, metavar='FILE', help='its 2D poses; default: poses2d*NAME.json beside it'
    )
    parser.add_argument('--train', action='store_true', help='write data, train from scratch and test, too')
    parser.add_argument('--weights', default=WEIGHTS, help='checkpoint to test')
    parser.add_argument('--quick', action='store_true', help='tiny amounts, to see that everything works')
    parser.add_argument('--fresh', action='store_true', help='do finished steps again')
    parser.add_argument('--out', type=Path, metavar='DIR', help='default: outputs/demo, or outputs/demo_quick')
    return parser.parse_args(arguments)


class Demo:
    """The steps, in order.

    Args:
        out: Folder for everything that the demo writes.
        size: Amounts.
        weights: Checkpoint to test.
    """

    def __init__(self, out: Path, size: Size, weights: str) -> None:
        self.out = out
        self.size = size
        self.weights = weights
        self.clip, self.people = out / 'clip', out / 'people'
        self.muco, self.mupots = out / 'data' / 'muco', out / 'data' / 'mupots'

    def write_clip(self) -> None:
        """Step 1: a clip of two people, their camera and simulated 2D poses."""
        print('  >>> from mmp3d.synthetic.crossing import write_crossing')
        print(f'  >>> write_crossing(Path({str(self.clip)!r}), {self.size.crossing}, seed={CROSSING_SEED})\n')
        write_crossing(self.clip, self.size.crossing, seed=CROSSING_SEED)

    def find_people(self) -> None:
        """Step 2: both branches, tracked and integrated; files for other programs."""
        infer(self.clip / VIDEO, self.people, self.clip / POSES, '--camera', self.clip / CAMERA)

    def write_data(self) -> None:
        """Step 3: pictures to train on and sequences to test on."""
        size, data = self.size, 'tools/make_synthetic.py'
        muco = ['--format', 'muco', '--images', size.images, '--seed', TRAIN_SEED, '--out', self.muco]
        mupots = ['--format', 'mupots', '--sequences', size.sequences, '--frames', size.frames, '--seed', TEST_SEED]
        run(None, data, *muco, '--workers', 2)
        run(None, data, *mupots, '--video', '--out', self.mupots, '--workers', 2)

    def train(self) -> None:
        """Step 4: the tiny config from random weights; the loss falls and the validation rises."""
        options = {
            'train_dataloader.dataset.data_root': self.muco,
            'val_dataloader.dataset.data_root': self.mupots,
            'val_dataloader.dataset.frame_stride': self.size.val_stride,
            'train_cfg.max_epochs': self.size.epochs,
            'param_scheduler.0.end': 20,
            'param_scheduler.1.end': self.size.epochs,
            'default_hooks.logger.interval': self.size.log_interval,
        }
        work_dir = self.out / 'train'
        begun = ['--resume'] if (work_dir / 'last_checkpoint').is_file() else []
        arguments = [CONFIG, '--work-dir', work_dir, *begun, '--cfg-options', *_joined(options)]
        run(work_dir / 'train.log', 'tools/train.py', *arguments, brief=True)

    def test(self) -> None:
        """Step 5: the shipped weights on the test sequences, official protocol."""
        if not Path(self.weights).is_file():
            raise DemoError(f'{self.weights} is missing; get it with the repository (git checkout -- weights)')
        options = {'test_dataloader.dataset.data_root': self.mupots}
        work_dir = self.out / 'test'
        files = ['--eval', '--out', work_dir / 'predictions.json.gz', '--work-dir', work_dir]
        run(work_dir / 'test.log', 'tools/test.py', CONFIG, self.weights, *files, '--cfg-options', *_joined(options))

    def figures(self) -> str:
        """The tables of training and test."""
        curve = list(training_curve(self.out / 'train'))
        columns = ('epoch', 'loss', *SCORES)
        rows = tuple((str(epoch), [row.get(name, np.nan) for name in columns[1:]]) for epoch, row in curve)
        title = f'Trained here from scratch on {self.size.images} pictures (validation: every '
        title += f'{self.size.val_stride}. test frame), percent'
        here = ScoreTable(title, columns, rows).to_text()
        scores = latest_scores(self.out / 'test')
        tested = ScoreTable(
            f'Shipped weights on {self.size.sequences} sequences that they never saw, percent',
            ('checkpoint', *SCORES),
            ((Path(self.weights).name, [scores.get(name, np.nan) for name in SCORES]),),
        ).to_text()
        return f'{here}\n\n{tested}'


def run(log: Path | None, tool: str, *arguments: object, brief: bool = False) -> None:
    """Print and run a tool of the repository; its whole output goes to ``log``, what matters to the screen too.

    Args:
        log: File; None for a tool that shows its progress in one line.
        tool: Script.
        *arguments: Its arguments.
        brief: Show no tables, only the course of a training.

    Raises:
        DemoError: The tool failed.
    """
    words = [str(argument) for argument in arguments]
    print(f'  $ python {tool} {shlex.join(words)}\n', flush=True)
    command = [sys.executable, '-W', 'ignore', str(ROOT / tool), *words]
    code = _run_logged(command, log, brief) if log else subprocess.run(command, cwd=ROOT).returncode
    if code:
        everything = f', all it said in {log}' if log else ''
        raise DemoError(f'{tool} ended with status {code}, its message is above{everything}')


def _run_logged(command: list[str], log: Path, brief: bool) -> int:
    log.parent.mkdir(parents=True, exist_ok=True)
    streams = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    with log.open('w', encoding='utf-8') as file, subprocess.Popen(command, cwd=ROOT, **streams) as process:
        for line in without_preamble(_copied(process.stdout, file)):
            if (COURSE.search(line) or not brief) and 'deprecated' not in line:
                print(line, end='', flush=True)
    return process.returncode


def _copied(lines: Iterable[str], file: TextIO) -> Iterator[str]:
    for line in lines:
        file.write(line)
        yield line


def without_preamble(lines: Iterable[str]) -> Iterator[str]:
    """Leave out the log records in which mmengine lists the machine, the config and its hooks: hundreds of lines.

    A record starts with a date and may go on over many lines, the first of which can be empty or a rule.
    """
    held, hidden = [], False
    for line in lines:
        message = RECORD_START.sub('', line)
        if message != line:
            yield from held
            held, hidden = [], False
        if hidden and not line.startswith(FAILURE):
            continue
        held.append(line)
        hidden = message.strip().startswith(PREAMBLE)
        if hidden:
            held = []
        elif message.strip(' -\n'):
            yield from held
            held = []
    yield from held


def infer(source: Path, out: Path, pose2d: Path | None, *options: object) -> None:
    """The whole system on one input, with every kind of file. Raises DemoError."""
    poses = [] if pose2d is None else ['--pose2d', pose2d]
    given = ['--model', 'tdbu', *poses, *options, '--smooth', 'zero-phase', '--export', *EXPORTS]
    run(None, 'tools/infer.py', source, *given, '--out', out, '--overwrite')


def crossing_report(found: Path, truth: Path) -> str:
    """For each person of the crossing clip: whose id they have, and how far off the pelvis is."""
    clip = read_clip(found)
    roots = clip.positions[:, :, MUPOTS17.root_index]
    lines = []
    for number, true in enumerate(np.load(truth)['keypoints_cam'][:, :, MUPOTS17.root_index].swapaxes(0, 1)):
        errors = np.linalg.norm(roots - true, axis=-1)
        errors = np.where(np.isfinite(errors), errors, np.inf)
        nearest = clip.track_ids[errors.argmin(axis=0)]
        ids, counts = np.unique(nearest, return_counts=True)
        own = int(ids[counts.argmax()])
        off = np.median(errors[clip.track_ids.tolist().index(own)])
        held = f'id {own} in {counts.max()} of {len(nearest)} frames'
        away = np.median(true[:, 2]) / 1000
        lines.append(f'  person {number}, {away:.1f} m away: {held}, pelvis off by {off:.0f} mm (median)')
    return '\n'.join(lines)


def training_curve(work_dir: Path) -> Iterator[tuple[int, dict[str, float]]]:
    """Mean loss and validation scores of each epoch, from the log files of one run or of its parts."""
    losses: dict[int, list[float]] = {}
    scores: dict[int, dict] = {}
    for file in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in file.read_text().splitlines():
            record = json.loads(line)
            if 'loss' in record:
                losses.setdefault(record['epoch'], []).append(record['loss'])
            else:
                scores[record['step']] = record
    for epoch in sorted(losses):
        yield epoch, dict(scores.get(epoch, {}), loss=float(np.mean(losses[epoch])))


def latest_scores(work_dir: Path) -> dict[str, float]:
    """The scores of the last test, by metric; none where no test ended."""
    files = sorted(work_dir.glob('*/results.json'))
    return json.loads(files[-1].read_text())['scores'] if files else {}


def step(number: int, total: int, title: str, folder: Path, settings: dict, act: Callable[[], None]) -> None:
    """Do a step, or say that it is done: a note in its folder records what it was done with."""
    print(f'\n[{number}/{total}] {title}', flush=True)
    note = folder / DONE
    if note.is_file() and json.loads(note.read_text()) == settings:
        print(f'  done before, kept: {folder}')
        return
    start = time.monotonic()
    act()
    folder.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(settings))
    print(f'  done in {time.monotonic() - start:.0f} s: {folder}', flush=True)


def show_own_video(video: Path, pose2d: Path | None, out: Path) -> None:
    """The whole system over the user's file."""
    if not video.is_file():
        raise DemoError(f'no file at {video}; give a video or an image')
    pose2d = pose2d or next(iter(sorted(video.parent.glob(f'poses2d*{video.stem}.json'), reverse=True)), None)
    print(f'[1/1] Find the people of {video}\n')
    infer(video, out / video.stem, pose2d)
    print_paths(out / video.stem)


def print_paths(out: Path) -> None:
    """Where pictures and predictions are."""
    print('\nPictures, video and predictions:')
    for file in sorted(path for path in out.rglob('*') if path.is_file() and path.name != DONE):
        print(f'  {file}')


def run_all(demo: Demo, trains: bool) -> None:
    """All steps and the summary."""
    start, size = time.monotonic(), vars(demo.size)
    total, drawn = 5 if trains else 2, dict(frames=demo.size.crossing, seed=CROSSING_SEED)
    step(1, total, 'Draw a clip of two people who cross', demo.clip, drawn, demo.write_clip)
    step(2, total, 'Find them in space', demo.people, drawn, demo.find_people)
    if trains:
        shipped = Path(demo.weights)
        stamp = dict(size, weights=demo.weights, bytes=shipped.stat().st_size if shipped.is_file() else 0)
        data = f'{demo.size.images} pictures to train on, {demo.size.sequences} x {demo.size.frames} frames to test on'
        step(3, total, f'Write synthetic data: {data}', demo.out / 'data', size, demo.write_data)
        step(4, total, f'Train {CONFIG} from scratch', demo.out / 'train', size, demo.train)
        step(5, total, f'Test the shipped weights {demo.weights}', demo.out / 'test', stamp, demo.test)
        print(f'\n{demo.figures()}')
    print(f'\nThe people of the clip:\n{crossing_report(demo.people / "crossing.json", demo.clip / TRUTH)}')
    print_paths(demo.people)
    print(f'\nThe demo took {(time.monotonic() - start) / 60:.1f} minutes.')


def _joined(options: dict) -> list[str]:
    return [f'{key}={value}' for key, value in options.items()]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the demo; exits with 1 where a step fails."""
    args = parse_args(arguments)
    # Files are the caller's; all that the demo names itself is in the repository, and so are its commands.
    video, pose2d, given_out = (path and path.absolute() for path in (args.video, args.pose2d, args.out))
    os.chdir(ROOT)
    out = given_out or Path('outputs') / ('demo_quick' if args.quick else 'demo')
    mmp3d.register_all_modules()
    try:
        if video:
            show_own_video(video, pose2d, given_out or Path('outputs') / 'video')
            return
        if args.fresh:
            for name in ('clip', 'people', 'data', 'train', 'test'):
                shutil.rmtree(out / name, ignore_errors=True)
        run_all(Demo(out, QUICK if args.quick else FULL, args.weights), args.train)
    except (DemoError, ValueError, FileNotFoundError) as error:
        print(f'\nThe demo stopped: {error}.\n', file=sys.stderr)
        print('The same command goes on from here; with --fresh it starts anew.', file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print('\nInterrupted; the same command goes on from here.', file=sys.stderr)
        sys.exit(130)


if __name__ == '__main__':
    main()
