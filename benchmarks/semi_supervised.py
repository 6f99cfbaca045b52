"""Semi-supervised lifters (the paper's Table 2): students of one teacher who differ in the terms of their loss alone.

python benchmarks/semi_supervised.py --motion-folders DIR [--out FOLDER] [--seeds 0 1] [--rows NAME ...] [--epochs 1]
    [--clips 256]

The teacher, lifters of configs/lifting_tiny_virtual.py, learns from 8 procedural motions. Its students start as the
teacher, have the same motions with labels, and of BVH motion and 96 procedural ones the 2D poses alone. They are
students of configs/ssl_tiny_virtual.py and see the same clips in the same order; "labelled alone" is the control that
trains as long without the unlabelled clips.

Printed are the errors on held-out BVH motion and cameras, mean and standard deviation over the seeds of the students'
training, and the command that puts the students in the place of the whole system's lifters. FOLDER holds a config, a
run and the published weights of each network. What is done is not done again, and a run that was broken off goes on; a
config that is another than the one in FOLDER is an error. --rows with no name trains the teacher alone.
"""

from __future__ import annotations

import argparse
import pprint
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lifting import COLUMNS, INPUTS, batches_of, clips_dataset, errors_of, load_model
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.runner import find_latest_checkpoint
from mmpose.registry import MODELS

import mmp3d
from mmp3d.apis.pseudo_labels import write_pseudo_labels
from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.compat.checkpoint import publish_checkpoint
from mmp3d.engine.launch import build_runner, load_config
from mmp3d.evaluation.tables import ScoreTable

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
LIFTERS = CONFIGS / 'lifting_tiny_virtual.py'
KINDS = ('exact 2D', 'detector, occlusion')
# Factors of E_rep, E_mp, E_pseudo and L_dis in each row.
ROWS = {
    'labelled alone': (0.0, 0.0, 0.0, 0.0),
    'Rep': (0.1, 0.0, 0.0, 0.0),
    'MP': (0.0, 1.0, 0.0, 0.0),
    'Rep+dis': (0.1, 0.0, 0.0, 0.01),
    'Rep+MP+dis': (0.1, 1.0, 0.0, 0.01),
}
LABELLED_MOTIONS, UNLABELLED_MOTIONS = 8, 96
# Items of an epoch and epochs of the teacher's two runs; unlabelled clips, an epoch of the students.
FRAMES, WINDOWS, CLIPS = (262144, 4), (65536, 2), 2048
IN_PROCESS = dict(num_workers=0, persistent_workers=False)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    args = parse_args(arguments)
    mmp3d.register_all_modules()
    torch.set_num_threads(1)
    out = Path(args.out).absolute()
    weights = {'teacher': [published(out, 'teacher', teacher(out))]}
    labels = pseudo_labels(out, weights['teacher'][0], args.motion_folders)
    for row in args.rows:
        weights[row] = [student(out, row, seed, weights['teacher'][0], labels, args.epochs) for seed in args.seeds]
    MMLogger.get_current_instance().setLevel('WARNING')
    print(errors_table(args, weights).to_text())
    rows = [f'--row "{row} {number}" model.lifter.checkpoint={file}'
            for row, files in weights.items() for number, file in enumerate(files)]  # fmt: skip
    print('python benchmarks/ablation.py', *rows, sep=' \\\n    ')


def parse_args(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--motion-folders', nargs='+', required=True, metavar='DIR', help='BVH files, at any depth')
    parser.add_argument('--out', default='work_dirs/semi_supervised', metavar='FOLDER')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1], metavar='SEED')
    parser.add_argument('--rows', nargs='*', choices=list(ROWS), default=list(ROWS), metavar='NAME')
    parser.add_argument('--epochs', type=int, default=1, help='of the students, each 64 steps')
    parser.add_argument('--clips', type=int, default=256, help='held-out clips of each kind of input')
    return parser.parse_args(arguments)


def teacher(out: Path) -> Path:
    """Train the teacher, on single frames and then on windows."""
    few = dict(num_procedural=LABELLED_MOTIONS)
    frames = trained(
        out / 'teacher_frames',
        CONFIGS / 'lifting_tiny_frames_virtual.py',
        FRAMES[1],
        dict(train_dataloader=dict(dataset=dict(num_items=FRAMES[0], **few))),
    )
    windows = dict(load_from=str(frames), train_dataloader=dict(dataset=dict(num_items=WINDOWS[0], **few)))
    return trained(out / 'teacher', LIFTERS, WINDOWS[1], windows)


def pseudo_labels(out: Path, checkpoint: Path, motion_folders: Sequence[str]) -> Path:
    """The unlabelled clips, labelled by the teacher."""
    unlabelled = dict(num_items=CLIPS, motion_folders=list(map(str, motion_folders)), num_procedural=UNLABELLED_MOTIONS)
    config = written(out / 'labels.py', CONFIGS / 'ssl_tiny_virtual.py', dict(unlabelled_dataset=unlabelled))
    write_pseudo_labels(load_config(str(config)), checkpoint, out / 'labels.npz')
    return out / 'labels.npz'


def student(out: Path, row: str, seed: int, checkpoint: Path, labels: Path, epochs: int) -> Path:
    """Train the student of a row and publish it as lifters."""
    reprojection, perspective, pseudo, naturalness = ROWS[row]
    model = dict(
        student_checkpoint=str(checkpoint),
        semi_supervised_loss=dict(
            reprojection_weight=reprojection, perspective_weight=perspective, pseudo_weight=pseudo
        ),
        naturalness_loss=dict(loss_weight=naturalness),
    )
    sources = dict(
        seed=seed,
        labelled=dict(num_procedural=LABELLED_MOTIONS, seed=10 + seed),
        unlabelled=dict(ann_file=str(labels)),
    )
    options = dict(model=model, train_dataloader=dict(dataset=sources), randomness=dict(seed=seed))
    name = f'{row.replace(" ", "_")}_{seed}'
    return published(out, name, trained(out / name, CONFIGS / 'ssl_tiny_virtual.py', epochs, options))


def trained(folder: Path, base: Path, epochs: int, options: Mapping[str, Any]) -> Path:
    """The last checkpoint of a config's run, which is gone on with where it was broken off."""
    schedule = Config.fromfile(base).param_scheduler
    schedule[-1].end = epochs
    options = {
        **options,
        'max_epochs': epochs,
        'train_cfg': dict(max_epochs=epochs, val_interval=epochs),
        'param_scheduler': [dict(each) for each in schedule],
        'train_dataloader': {**IN_PROCESS, **options['train_dataloader']},
        'val_dataloader': IN_PROCESS,
        'default_hooks': dict(checkpoint=dict(save_best=None)),
    }
    config = written(folder.with_suffix('.py'), base, options)
    last = folder / f'epoch_{epochs}.pth'
    if not last.is_file():
        cfg = load_config(str(config), dict(work_dir=str(folder)))
        if latest := find_latest_checkpoint(str(folder)):
            cfg.merge_from_dict(dict(resume=True, load_from=latest))
        build_runner(cfg).train()
    return last


def written(file: Path, base: Path, options: Mapping[str, Any]) -> Path:
    """A config file that changes some options of another.

    Raises:
        ValueError: There is one of other options under the name.
    """
    lines = [
        f'{name} = {pprint.pformat(dict(_=value))[6:-1]}' for name, value in {'_base_': [str(base)], **options}.items()
    ]
    text = '\n'.join(lines) + '\n'
    if file.is_file() and file.read_text(encoding='utf-8') != text:
        raise ValueError(f'{file}: is of a run with other options; choose another --out, or delete that folder')
    AtomicLocalBackend().put(text.encode(), file)
    return file


def published(out: Path, name: str, checkpoint: Path) -> Path:
    """Weights of lifters from a run's checkpoint."""
    file = out / f'{name}.pth'
    if not file.is_file():
        publish_checkpoint(checkpoint, file, {}, model=MODELS.build(Config.fromfile(LIFTERS).model))
    return file


def errors_table(args: argparse.Namespace, weights: Mapping[str, Sequence[Path]]) -> ScoreTable:
    """Errors of all networks on every kind of input, mean and standard deviation over seeds."""
    rows = []
    for kind in KINDS:
        batches = batches_of(clips_dataset(args, INPUTS[kind]))
        for row, files in weights.items():
            errors = np.array([errors_of(load_model(str(LIFTERS), str(file)), batches) for file in files])
            deviations = errors.std(axis=0, ddof=1) if len(errors) > 1 else np.full(len(COLUMNS), np.nan)
            rows.append((f'{kind}: {row}', (*errors.mean(axis=0), *deviations)))
    names = ('input: student', *COLUMNS, *(f'+- {column}' for column in COLUMNS))
    return ScoreTable('held-out motion, mm; root depth: median, percent', names, tuple(rows))


if __name__ == '__main__':
    main()
