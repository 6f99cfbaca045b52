"""Compute the metrics of a config again from a saved prediction file: no network, no images read.

python tools/evaluate.py CONFIG PREDICTIONS [--eval METRIC ...] [--cfg-options ...] [--out FILE] [--plot FOLDER]
torchrun --nproc_per_node=2 tools/evaluate.py CONFIG PREDICTIONS --launcher pytorch [...]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mmengine.dist import is_main_process

import mmp3d
from mmp3d.engine.end_with_launcher import end_with_launcher
from mmp3d.engine.launch import add_config_options, join_processes, load_config, run_command
from mmp3d.evaluation.offline import evaluate_predictions, write_results
from mmp3d.evaluation.predictions import iterate_predictions
from mmp3d.evaluation.selection import select_evaluators
from mmp3d.visualization.curve_plot import plot_reports


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config with the test data set (and test_evaluator)')
    parser.add_argument('predictions', help='file that tools/test.py --out wrote (.json or .json.gz)')
    names = 'PCK PCKabs AUCrel AP25root F1@0.4 MRPE H36MMPJPE PW3DMPJPE Tracking3D ... (docs/protocols.md)'
    parser.add_argument('--eval', nargs='*', metavar='METRIC', help=f"{names}; without names, the config's own")
    add_config_options(parser)
    parser.add_argument('--out', metavar='FILE', help='save the scores with every protocol choice as JSON')
    parser.add_argument('--plot', metavar='FOLDER', help='draw the PCK curves of every metric that has some, as PNG')
    parser.add_argument(
        '--launcher', choices=('none', 'pytorch'), default='none', help='how several processes are started'
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(arguments)
    mmp3d.register_all_modules()
    if args.launcher == 'pytorch':
        end_with_launcher()
        join_processes()
    cfg = load_config(args.config, args.cfg_options)
    evaluators = select_evaluators(cfg, args.eval)
    scalars, reports = evaluate_predictions(cfg, iterate_predictions(args.predictions), evaluators)
    if not is_main_process():
        return
    if args.out:
        write_results(args.out, scalars, reports)
    if args.plot:
        plot_reports(reports, args.plot)


if __name__ == '__main__':
    run_command(main)
