"""Compute the metrics of a config again from a saved prediction file: no network, no images read.

python tools/evaluate.py CONFIG PREDICTIONS [--eval METRIC ...] [--cfg-options ...] [--out FILE]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mmengine.config import Config, DictAction

import mmp3d
from mmp3d.evaluation.offline import evaluate_predictions, write_results
from mmp3d.evaluation.predictions import read_predictions
from mmp3d.evaluation.selection import select_evaluators


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config with the test data set (and test_evaluator)')
    parser.add_argument('predictions', help='file that tools/test.py --out wrote (.json or .json.gz)')
    parser.add_argument('--eval', nargs='*', metavar='METRIC', help="metrics; without names, the config's own")
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='override config entries, key=value')
    parser.add_argument('--out', help='also write the results with every protocol choice to this JSON file')
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(arguments)
    if not Path(args.config).is_file():
        raise FileNotFoundError(f'no config at {args.config}; the experiments are in configs/')
    cfg = Config.fromfile(args.config)
    cfg.merge_from_dict(args.cfg_options or {})
    mmp3d.register_all_modules()
    evaluators = select_evaluators(cfg, args.eval)
    scalars, reports = evaluate_predictions(cfg, read_predictions(args.predictions), evaluators)
    if args.out:
        write_results(args.out, scalars, reports)


if __name__ == '__main__':
    try:
        main()
    except (ValueError, FileNotFoundError) as error:
        sys.exit(f'error: {error}')
