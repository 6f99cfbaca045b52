"""Train a student on pseudo-labels in rounds, each of which labels with the student of the one before; can be ended.

python tools/self_train.py CONFIG TEACHER [--work-dir DIR] [--device DEVICE] [--cfg-options KEY=VALUE ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import mmp3d
from mmp3d.engine.launch import PATIENCE, add_common_arguments, load_config, prepare_run, run_command


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config of the student with "rounds", for example configs/ssl_tiny_virtual.py')
    parser.add_argument('teacher', help="the first teacher's weights")
    parser.add_argument('--device', default='cpu', help='where teachers run')
    add_common_arguments(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(arguments)
    mmp3d.register_all_modules()
    from mmp3d.apis.noisy_student import teach_rounds

    cfg = load_config(args.config, args.cfg_options, ('teacher', 'unlabelled_dataset', 'rounds'))
    # One process labels while the others wait.
    prepare_run(cfg, args, PATIENCE)
    students = teach_rounds(cfg, args.teacher, cfg.work_dir, args.device)
    print(f'student of round {len(students)}: {students[-1]}')


if __name__ == '__main__':
    run_command(main)
