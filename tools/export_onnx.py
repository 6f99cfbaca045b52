"""Write a model's networks as ONNX graphs, check them against PyTorch, and tell how they are used.

python tools/export_onnx.py CONFIG [CHECKPOINT] --out FOLDER [--cfg-options key=value ...] [--overwrite]

CONFIG: a whole system (configs/tdbu_tiny_mupots.py, which names the checkpoints of its parts itself), a bottom-up,
top-down, lifting or integration network. FOLDER gets the .onnx files and manifest.json, with which
mmp3d.apis.OnnxPipeline runs them (docs/onnx.md). Every graph is run by ONNX Runtime on random inputs of several sizes;
one that differs from PyTorch by more than 1e-3 ends the tool with status 1, and nothing is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import mmp3d
from mmp3d.engine.launch import add_config_options, run_command


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, for example configs/tdbu_tiny_mupots.py')
    parser.add_argument('checkpoint', nargs='?', help='weights: a file or an http(s) address')
    parser.add_argument('--out', required=True, metavar='FOLDER', help='folder to write to')
    add_config_options(parser)
    parser.add_argument('--overwrite', action='store_true', help='replace files that are there')
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(arguments)
    mmp3d.register_all_modules()
    from mmp3d.models.sub_models import build_sub_model
    from mmp3d.onnx.export import export_model

    part = dict(config=args.config, checkpoint=args.checkpoint, options=args.cfg_options)
    model = build_sub_model('onnx', part)
    if args.checkpoint is None and not getattr(model, 'settings', None):
        raise ValueError(f'{args.config}: give a CHECKPOINT; only configs/tdbu_*.py name those of their parts')
    differences = export_model(model, args.out, Path(args.config).name, args.overwrite)
    print('greatest difference between ONNX Runtime and PyTorch:')
    for graph, outputs in differences.items():
        print(f'{Path(args.out) / graph}.onnx  ' + ', '.join(f'{name} {worst:.1e}' for name, worst in outputs.items()))
    print(Path(args.out) / 'manifest.json')


if __name__ == '__main__':
    run_command(main)
