"""One process against two, through tools/dist_test.sh and tools/dist_train.sh (gloo, processors), and shares of frames.

python benchmarks/processes.py [shares test training ...] [--seeds 5] [--epochs 4] [--out DIR]

Test: every number of the report, greatest difference. Training: the validation error of runs with one process and with
two of half the batch, the same seeds on both sides; of a network with batch normalisation, which sees other statistics
in half a batch, and of one without, which must end the same up to rounding. The rate of learning ends at 0, so that the
last state is a settled one. Shares: frames of MuPoTS-3D's sequences by process, as ClipBatchSampler and tools/infer.py
divide them, against sequences dealt out in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from training_curves import logged

from mmp3d.datasets.balanced_shares import owners
from mmp3d.datasets.inspection.catalogue import MUPOTS_FRAMES

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / 'tools'
ERROR = 'LiftingErrors/MPJPE'
PARTS = ('shares', 'test', 'training')
BATCH, EPOCH = 256, 16384
# A base's schedule has the base's own length: another length needs a schedule of its own.
LIFTING = """
_base_ = ['{root}/configs/{base}.py']
model = {model}
train_cfg = dict(max_epochs={epochs}, val_interval={epochs})
param_scheduler = [
    dict(type='LinearLR', begin=0, end=32, start_factor=0.01, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, end={epochs}, eta_min=0, by_epoch=True, convert_to_iter_based=True),
]
default_hooks = dict(checkpoint=dict(save_best=None))
train_dataloader = dict(
    batch_size={batch}, num_workers=0, persistent_workers=False, dataset=dict(num_items={items}, num_procedural=24)
)
val_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(num_items=64, num_procedural=24))
randomness = dict(seed={seed})
"""
# Smaller than the configs', so that they settle in the time.
NETWORKS = {
    'batch norm': (
        'lifting_tiny_frames_virtual',
        'dict(pose_net=dict(backbone=dict(stem_channels=64)), depth_net=dict(backbone=dict(stem_channels=64)))',
    ),
    'no batch norm': ('gcn_tiny_virtual', 'dict(gcn=dict(hidden_channels=16))'),
}


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


def trained(out: Path, network: str, processes: int, seed: int, epochs: int) -> tuple[float, dict]:
    """Validation error in mm at the end of a training, and the weights; one that is there is not repeated."""
    work = out / f'{network.replace(" ", "_")}_{processes}_{seed}_{epochs}'
    checkpoint = work / f'epoch_{epochs}.pth'
    if not checkpoint.exists():
        work.mkdir(parents=True, exist_ok=True)
        base, model = NETWORKS[network]
        fields = dict(batch=BATCH // processes, items=EPOCH, seed=seed, epochs=epochs)
        config = work / 'config.py'
        config.write_text(LIFTING.format(root=ROOT, base=base, model=model, **fields))
        run(processes, 'train', config, '--work-dir', work)
    error = [line[ERROR] for line in logged(work) if ERROR in line][-1]
    return error, torch.load(checkpoint, weights_only=True)['state_dict']


def compare_training(out: Path, network: str, seeds: int, epochs: int) -> None:
    """Print the validation errors of both sides, and the mean of the pairs' differences with its standard error."""
    errors, apart = [], 0.0
    for seed in range(seeds):
        (one, alone), (two, shared) = (trained(out, network, processes, seed, epochs) for processes in (1, 2))
        errors.append((one, two))
        apart = max(apart, *(float((alone[name] - shared[name]).abs().max()) for name in alone))
        print(f'training, {network}, seed {seed}: {one:.2f} and {two:.2f} mm', flush=True)
    differences = [two - one for one, two in errors]
    sides = ' and '.join(f'{statistics.mean(side):.2f}{_spread(side)}' for side in zip(*errors, strict=True))
    error = f', standard error {statistics.stdev(differences) / seeds**0.5:.2f}' if seeds > 1 else ''
    print(
        f'training, {network}, one process and two: {ERROR} {sides} mm; two - one {statistics.mean(differences):+.3f}'
        f'{error}; weights at most {apart:.2g} apart'
    )


def _spread(errors: Sequence[float]) -> str:
    return f' (spread {statistics.stdev(errors):.2f})' if len(errors) > 1 else ''


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
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('parts', nargs='*', default=PARTS, metavar='PART', help=f'of {", ".join(PARTS)}; default: all')
    parser.add_argument('--seeds', type=int, default=5, help='trainings of each network and number of processes')
    parser.add_argument('--epochs', type=int, default=4, help=f'of {EPOCH:,} frames')
    parser.add_argument('--networks', nargs='+', default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument('--out', type=Path, default=Path('work_dirs/processes'), help='folder for everything')
    args = parser.parse_args()
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f'parts are {", ".join(PARTS)}; got {", ".join(sorted(unknown))}')
    out = args.out.resolve()
    if 'shares' in args.parts:
        print_shares()
    if 'test' in args.parts:
        compare_test(out)
    for network in args.networks if 'training' in args.parts else ():
        compare_training(out, network, args.seeds, args.epochs)


if __name__ == '__main__':
    main()
