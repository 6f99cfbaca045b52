"""One process against two, through tools/dist_test.sh and tools/dist_train.sh (gloo, processors), and shares of frames.

python benchmarks/processes.py [--seeds 3] [--epochs 3] [--out DIR]

Test: every number of the report, greatest difference. Training: the validation error of runs with one process and with
two of half the batch, over seeds. Shares: frames of MuPoTS-3D's sequences by process, as ClipBatchSampler and
tools/infer.py divide them, against sequences dealt out in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from training_curves import logged

from mmp3d.datasets.balanced_shares import owners
from mmp3d.datasets.inspection.catalogue import MUPOTS_FRAMES

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / 'tools'
ERROR = 'LiftingErrors/MPJPE'
LIFTING = """
_base_ = ['{root}/configs/lifting_tiny_frames_virtual.py']
max_epochs = {epochs}
train_cfg = dict(max_epochs={epochs}, val_interval={epochs})
default_hooks = dict(checkpoint=None)
train_dataloader = dict(batch_size={batch}, dataset=dict(num_items=32768))
randomness = dict(seed={seed})
"""


def run(processes: int, tool: str, *arguments: str | Path) -> None:
    """One run of tools/test.py or tools/train.py, by its dist_*.sh where there are several processes."""
    given = list(map(str, arguments))
    command = [sys.executable, str(TOOLS / f'{tool}.py'), *given]
    if processes > 1:
        places = 2 if tool == 'test' else 1
        command = ['bash', str(TOOLS / f'dist_{tool}.sh'), *given[:places], str(processes), *given[places:]]
    folder = Path(sys.executable).parent
    environment = {**os.environ, 'PATH': f'{folder}{os.pathsep}{os.environ["PATH"]}', 'PORT': str(29400 + processes)}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment)
    if ended.returncode:
        raise RuntimeError(f'{" ".join(command)}: {ended.stderr[-3000:]}')


def compare_test(out: Path) -> None:
    """Print the greatest difference of all scores of the whole system and of its bottom-up branch."""
    data = out / 'mupots'
    make = [sys.executable, str(TOOLS / 'make_synthetic.py'), '--format', 'mupots', '--size', '320', '200']
    subprocess.run([*make, '--sequences', '3', '--frames', '12', '--out', str(data)], check=True, capture_output=True)
    weights = ROOT / 'weights' / 'bu_tiny_muco.pth'
    options = ['--cfg-options', f'test_dataloader.dataset.data_root={data}', 'test_dataloader.num_workers=0']
    options += ['test_dataloader.persistent_workers=False']
    scores = []
    for processes in (1, 2):
        work = out / f'test_{processes}'
        run(processes, 'test', ROOT / 'configs' / 'bu_tiny_muco.py', weights, '--eval', '--work-dir', work, *options)
        found = json.loads(sorted(work.glob('*/results.json'))[-1].read_text())['scores']
        scores.append({name: value for name, value in found.items() if '/' in name})
    one, two = scores
    same = one.keys() == two.keys()
    greatest = max(abs(one[name] - two[name]) for name in one if one[name] == one[name])
    print(f'test: {len(one)} scores, {"the same names" if same else "OTHER NAMES"}, greatest difference {greatest:.3g}')


def compare_training(out: Path, seeds: int, epochs: int) -> None:
    """Print the validation error of runs with one process and with two."""
    for processes in (1, 2):
        errors = []
        for seed in range(seeds):
            work = out / f'train_{processes}_{seed}'
            work.mkdir(parents=True, exist_ok=True)
            config = work / 'config.py'
            config.write_text(LIFTING.format(root=ROOT, batch=256 // processes, seed=seed, epochs=epochs))
            run(processes, 'train', config, '--work-dir', work)
            errors.append([line[ERROR] for line in logged(work) if ERROR in line][-1])
        said = ', '.join(f'{error:.1f}' for error in errors)
        spread = f', spread {statistics.stdev(errors):.1f}' if seeds > 1 else ''
        print(f'training, {processes} processes: {ERROR} {statistics.mean(errors):.1f} mm{spread} ({said})', flush=True)


def print_shares() -> None:
    """Print how many frames the process with most of them has, by the number of processes."""
    total = sum(MUPOTS_FRAMES)
    for processes in (2, 4, 8, 16):
        loads, in_turn = [0] * processes, [0] * processes
        for number, (frames, owner) in enumerate(zip(MUPOTS_FRAMES, owners(MUPOTS_FRAMES, processes), strict=True)):
            loads[owner] += frames
            in_turn[number % processes] += frames
        mean = total / processes
        print(f'shares, {processes} processes: {max(loads) / mean:.3f} of the mean, in turn {max(in_turn) / mean:.3f}')


def main() -> None:
    """Run all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seeds', type=int, default=3, help='runs of each number of processes')
    parser.add_argument('--epochs', type=int, default=3, help='of 32,768 frames')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/processes'), help='folder for everything')
    args = parser.parse_args()
    print_shares()
    compare_test(args.out.resolve())
    compare_training(args.out.resolve(), args.seeds, args.epochs)


if __name__ == '__main__':
    main()
