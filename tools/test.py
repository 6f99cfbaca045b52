"""Test a checkpoint.

python tools/test.py CONFIG [CHECKPOINT] [--eval METRIC ...] [--out FILE] [--plot FOLDER] [--fuse-conv-bn] [--half]
    [--compile] [--cfg-options key=value ...]

A model that names the checkpoints of its parts itself (configs/tdbu_*.py) needs no CHECKPOINT.
Scores with every protocol choice are saved as results.json beside the run's log.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mmengine.dist import is_main_process

import mmp3d
from mmp3d.compat.checkpoint import load_weights
from mmp3d.engine.launch import add_common_arguments, build_runner, load_config, prepare_run, run_command
from mmp3d.engine.network_options import add_network_arguments
from mmp3d.evaluation.offline import collect_reports, write_results
from mmp3d.evaluation.selection import select_evaluators
from mmp3d.visualization.curve_plot import plot_reports


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, for example configs/bu_tiny_muco.py')
    parser.add_argument('checkpoint', nargs='?', help='weights: a file or an http(s) address')
    parser.add_argument('--eval', nargs='*', metavar='METRIC', help="metrics; without names, the config's own")
    parser.add_argument('--out', metavar='FILE', help='save the predictions (.json or .json.gz) for tools/evaluate.py')
    parser.add_argument('--plot', metavar='FOLDER', help='draw the PCK curves of every metric that has some, as PNG')
    add_network_arguments(parser)
    parser.add_argument('--trust', action='store_true', help='let the checkpoint run code of its own while it is read')
    add_common_arguments(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(arguments)
    mmp3d.register_all_modules()
    cfg = load_config(args.config, args.cfg_options, ('model', 'test_dataloader'))
    if args.checkpoint is None and cfg.model.type != 'TwoBranchEstimator':
        raise ValueError(
            f'{args.config}: give a CHECKPOINT; only configs/tdbu_*.py name those of their parts themselves'
        )
    prepare_run(cfg, args)
    cfg.test_evaluator = select_evaluators(cfg, args.eval)
    if args.out:
        cfg.test_evaluator.append(dict(type='DumpPredictions', out_file=args.out))
    options = {name: getattr(args, name) for name in ('fuse_conv_bn', 'half', 'compile')}
    if any(options.values()):
        cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(type='InferenceFormHook', **options)]
    cfg.load_from = None
    runner = build_runner(cfg)
    if args.checkpoint is not None:
        load_weights(runner.model, args.checkpoint, trust=args.trust)
    scalars = runner.test()
    if not is_main_process():
        return
    reports = collect_reports(runner.test_evaluator)
    write_results(Path(runner.log_dir) / 'results.json', scalars, reports)
    if args.plot:
        plot_reports(reports, args.plot)


if __name__ == '__main__':
    run_command(main)
