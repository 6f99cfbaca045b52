"""Label unlabelled clips with a teacher's 3D poses, for semi-supervised training; goes on where it was ended.

python tools/pseudo_label.py CONFIG CHECKPOINT --out FILE.npz [--overwrite] [--device DEVICE] [--cfg-options KEY=VALUE]

A prediction file (*.json, *.json.gz) in the place of CHECKPOINT is a teacher who has labelled already, the whole system
for example.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import mmp3d
from mmp3d.engine.launch import add_written_file_arguments, load_config, run_command


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config of the student, for example configs/ssl_tiny_virtual.py')
    parser.add_argument('checkpoint', help="the teacher's weights, a student's checkpoint, or a prediction file")
    add_written_file_arguments(parser)
    parser.add_argument('--overwrite', action='store_true', help='replace a file of another teacher or config')
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(arguments)
    mmp3d.register_all_modules()
    from mmp3d.apis.prediction_labels import write_prediction_labels
    from mmp3d.apis.pseudo_labels import write_pseudo_labels

    if args.checkpoint.endswith(('.json', '.json.gz')):
        cfg = load_config(args.config, args.cfg_options, ('receptive_field',))
        header = write_prediction_labels(args.checkpoint, args.out, cfg.receptive_field, args.overwrite)
    else:
        cfg = load_config(args.config, args.cfg_options, ('teacher', 'unlabelled_dataset'))
        header = write_pseudo_labels(cfg, args.checkpoint, args.out, args.device, args.overwrite)
    print(f'pseudo-labels of teacher {header["teacher"][:12]}: {args.out}')


if __name__ == '__main__':
    run_command(main)
