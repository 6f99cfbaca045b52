"""Store what both branches of the whole system say about annotated people, to train what integrates them; goes on
where it was ended.

python tools/branch_pairs.py CONFIG DATA_ROOT ... --out FILE.npz [--every N] [--overwrite] [--device DEVICE]
    [--cfg-options KEY=VALUE ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import mmp3d
from mmp3d.engine.launch import add_written_file_arguments, load_config, run_command


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config of the whole system, for example configs/tdbu_tiny_mupots.py')
    parser.add_argument('data_roots', nargs='+', metavar='DATA_ROOT', help='folders in the layout of its test data')
    add_written_file_arguments(parser)
    parser.add_argument('--every', type=int, default=1, metavar='N', help='keep each N-th frame; neighbours are alike')
    parser.add_argument('--overwrite', action='store_true', help='replace a file of other networks, settings or data')
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(arguments)
    mmp3d.register_all_modules()
    from mmp3d.apis.branch_pairs import write_branch_pairs
    from mmp3d.datasets.branch_pairs import BRANCH_PAIRS

    cfg = load_config(args.config, args.cfg_options, ('model', 'test_dataloader'))
    write_branch_pairs(cfg, args.data_roots, args.out, args.every, args.device, args.overwrite)
    _, columns, offsets = BRANCH_PAIRS.load(args.out)
    print(f'{len(columns["keypoints_cam"])} people in {len(offsets) - 1} pictures: {args.out}')


if __name__ == '__main__':
    run_command(main)
