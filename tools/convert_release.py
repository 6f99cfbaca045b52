"""Convert the checkpoint folders of the authors' release to files that our networks load safely.

python tools/convert_release.py SRC --out DIR [--nets bottom_up gcn ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import mmp3d
from mmp3d.engine.launch import run_command


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', metavar='SRC', type=Path, help="the release's ckpts folder")
    parser.add_argument('--out', required=True, metavar='DIR', type=Path, help='folder to write')
    parser.add_argument('--nets', nargs='+', metavar='NET', help='only these networks, by our names; default: all')
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool; nothing is written unless every network converts."""
    args = parse_args(arguments)
    mmp3d.register_all_modules()
    from mmp3d.compat.checkpoint import save_weights
    from mmp3d.compat.released_weights import RELEASED_NETS, convert, read_released, stage_weights

    nets = args.nets or list(RELEASED_NETS)
    unknown = sorted(set(nets) - set(RELEASED_NETS))
    if unknown:
        raise ValueError(f'--nets: {", ".join(unknown)} unknown, expected some of {", ".join(RELEASED_NETS)}')
    converted = {}
    for name in nets:
        weights, files = read_released(args.source, RELEASED_NETS[name])
        model, names = convert(RELEASED_NETS[name], weights, files[0])
        converted[name] = model
        print(f'{name}: {len(names)} tensors from {", ".join(map(str, files))}')
        for theirs, ours in names.items():
            print(f'  {theirs} {tuple(weights[theirs].shape)} -> {ours}')
    args.out.mkdir(parents=True, exist_ok=True)
    files = {name: model.state_dict() for name, model in converted.items()} | stage_weights(converted)
    for name, weights in files.items():
        save_weights(weights, args.out / f'{name}.pth', {'config_name': f'release {name}'})
        print(f'weights: {args.out / name}.pth')


if __name__ == '__main__':
    run_command(main)
