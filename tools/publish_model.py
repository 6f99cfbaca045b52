"""Strip a training checkpoint to the weights of a config, for others to load safely; add parts that were trained apart.

A discriminator that the config does not have is left out, and a student gets the names of the config.

python tools/publish_model.py CONFIG CHECKPOINT --out FILE.pth [--refiner REFINER.pth] [--with PART.pth ...] [--half]
    [--meta key=value ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import mmp3d
from mmp3d.engine.config_mistakes import told
from mmp3d.engine.launch import load_config, run_command


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config that will run the weights')
    parser.add_argument('checkpoint', help='checkpoint of a training run')
    parser.add_argument('--out', required=True, metavar='FILE.pth', help='file to write')
    parser.add_argument('--refiner', metavar='FILE.pth', help='checkpoint of a PoseRefinementEstimator')
    parser.add_argument('--with', nargs='+', default=[], dest='others', metavar='PART.pth', help='further stages')
    parser.add_argument('--half', action='store_true', help='store numbers in half precision, in half the space')
    parser.add_argument('--meta', nargs='+', default=[], metavar='KEY=VALUE', help='facts to record')
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(arguments)
    mmp3d.register_all_modules()
    from mmpose.registry import MODELS

    from mmp3d.compat.checkpoint import load_checkpoint, publish_checkpoint, state_dict_of

    cfg = load_config(args.config, required=('model',))
    facts = dict(fact.partition('=')[::2] for fact in args.meta)
    parts = {}
    for other in args.others:
        parts.update(state_dict_of(load_checkpoint(other), other))
    if args.refiner:
        weights = state_dict_of(load_checkpoint(args.refiner), args.refiner)
        parts.update({f'head.{name}': tensor for name, tensor in weights.items() if name.startswith('refiner.')})
    with told(args.config, 'model'):
        model = MODELS.build(cfg.model)
    publish_checkpoint(
        args.checkpoint,
        args.out,
        facts,
        replaced=parts,
        half=args.half,
        model=model,
        config=cfg.pretty_text,
    )
    print(f'weights: {args.out}')


if __name__ == '__main__':
    run_command(main)
