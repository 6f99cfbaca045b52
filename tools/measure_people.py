"""Run a bottom-up network over labelled images and write the people that it sees: what its refiner is trained on.

python tools/measure_people.py CONFIG CHECKPOINT --out FILE.npz [--images N] [--device DEVICE] [--cfg-options KEY=VALUE]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import mmp3d
from mmp3d.engine.launch import add_written_file_arguments, load_config, run_command


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config of the refiner, for example configs/bu_refiner_tiny_muco.py')
    parser.add_argument('checkpoint', help='weights of the bottom-up network')
    add_written_file_arguments(parser)
    parser.add_argument('--images', type=int, metavar='N', help='images to look at; default: all')
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(arguments)
    mmp3d.register_all_modules()
    from mmp3d.apis.measured_people import measure_people
    from mmp3d.datasets.measured_people import write_measured_people

    cfg = load_config(args.config, args.cfg_options, ('measured_model', 'measure_dataloader'))
    images = measure_people(cfg, args.checkpoint, args.images, args.device)
    write_measured_people(args.out, images, cfg.input_size)
    print(f'people measured on the training images: {args.out}')


if __name__ == '__main__':
    run_command(main)
