"""Train an experiment.

python tools/train.py CONFIG [--work-dir DIR] [--resume [FILE]] [--amp] [--cfg-options key=value ...]

--resume goes on from the latest checkpoint in the work folder that can be read, and begins where there is none: the
same command can be given again however often a run is broken off.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import torch

import mmp3d
from mmp3d.engine.bfloat16_optim_wrapper import has_bfloat16_instructions
from mmp3d.engine.launch import (
    add_common_arguments,
    build_runner,
    load_config,
    prepare_run,
    run_command,
)
from mmp3d.engine.resuming import AUTO, resumed_runner


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, for example configs/bu_tiny_muco.py')
    parser.add_argument(
        '--resume',
        nargs='?',
        const=AUTO,
        metavar='FILE',
        help='go on from FILE, or from the latest readable one in the work folder',
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision; without a GPU: bfloat16')
    parser.add_argument('--no-validate', action='store_true', help='do not evaluate while training')
    parser.add_argument('--auto-scale-lr', action='store_true', help='scale the learning rate with the batch size')
    add_common_arguments(parser)
    return parser.parse_args(arguments)


def apply_options(cfg, args: argparse.Namespace) -> None:
    """Write the options into the config.

    Raises:
        ValueError: ``--amp`` where it would not be faster; ``--auto-scale-lr`` where the config has no batch size.
    """
    if args.amp and torch.cuda.is_available():
        cfg.optim_wrapper.update(type='AmpOptimWrapper', loss_scale='dynamic')
    elif args.amp and has_bfloat16_instructions():
        cfg.optim_wrapper.update(type='Bfloat16OptimWrapper')
    elif args.amp:
        raise ValueError(
            '--amp needs a GPU that torch can use, or a processor with bfloat16 instructions (AVX512-BF16 or AMX), '
            'found neither; leave --amp out'
        )
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.auto_scale_lr:
        if 'base_batch_size' not in (cfg.get('auto_scale_lr') or {}):
            raise ValueError(
                f'{args.config}: --auto-scale-lr needs the batch size that the learning rate is for, found '
                f'auto_scale_lr={cfg.get("auto_scale_lr")}; write auto_scale_lr=dict(base_batch_size=N)'
            )
        cfg.auto_scale_lr.enable = True


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(arguments)
    mmp3d.register_all_modules()
    cfg = load_config(args.config, args.cfg_options, ('model', 'train_dataloader', 'train_cfg', 'optim_wrapper'))
    prepare_run(cfg, args)
    apply_options(cfg, args)
    runner = resumed_runner(cfg, args.resume) if args.resume else build_runner(cfg)
    runner.train()


if __name__ == '__main__':
    run_command(main)
