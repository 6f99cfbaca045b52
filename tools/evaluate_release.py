"""Errors of the root depths that the authors' release stores, and its predictions as a file for tools/evaluate.py.

python tools/evaluate_release.py PACKAGE [--sequences 1 2 ...]
python tools/evaluate_release.py PACKAGE --config CONFIG --out FILE [--branch td|bu|both] [--cfg-options ...]
python tools/evaluate_release.py PACKAGE --lifters [NAME] [--focal PX] [--sequences 18]    # ours on their 2D poses
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

import mmp3d
from mmp3d.apis.lifted_release import lift_released
from mmp3d.datasets.release_package import BRANCHES, read_released_tracks
from mmp3d.engine.launch import add_config_options, load_config, run_command
from mmp3d.evaluation.offline import build_annotations
from mmp3d.evaluation.predictions import check_prediction_path, write_predictions
from mmp3d.evaluation.release_lifting import lifting_tables
from mmp3d.evaluation.release_predictions import depth_table, released_predictions, released_sequences
from mmp3d.geometry import Camera


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('package', metavar='PACKAGE', help="the release's mupots folder")
    parser.add_argument('--sequences', nargs='+', type=int, metavar='N', help='numbers from 1; default: all there are')
    parser.add_argument('--config', help='config whose test data set is MuPoTS-3D; gives the cameras for --out')
    parser.add_argument('--out', metavar='FILE', help='prediction file to write (.json or .json.gz)')
    parser.add_argument('--branch', choices=sorted(BRANCHES), default='both', help='predictions to write')
    parser.add_argument(
        '--lifters',
        nargs='?',
        const='lifting',
        metavar='NAME',
        help='lift the stored 2D poses, and compare',
    )
    parser.add_argument('--focal', type=float, metavar='PX', help='--lifters: focal length; default: 55 degrees')
    add_config_options(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool.

    Raises:
        ValueError: Only one of ``--config`` and ``--out``, or ``--focal`` alone is given, or the data set lacks a
            sequence.
    """
    args = parse_args(arguments)
    if bool(args.config) != bool(args.out):
        raise ValueError('--config and --out go together: the config names the data set that has the cameras')
    if args.focal and not args.lifters:
        raise ValueError('--focal is the camera of --lifters')
    mmp3d.register_all_modules()
    sequences = args.sequences or released_sequences(args.package)
    tracks = {
        branch: [read_released_tracks(args.package, number, branch) for number in sequences] for branch in BRANCHES
    }
    print(f'sequences {", ".join(map(str, sequences))}')
    print(depth_table(tracks).to_text())
    if args.lifters:
        lifted = [lift_released(args.package, number, args.lifters, args.focal) for number in sequences]
        for table in lifting_tables(lifted, tracks):
            print('\n' + table.to_text())
    if args.out:
        check_prediction_path(args.out)
        cameras = sequence_cameras(load_config(args.config, args.cfg_options), sequences)
        images = [
            image
            for number, camera in zip(sequences, cameras, strict=True)
            for image in released_predictions(args.package, number, camera, args.branch)
        ]
        write_predictions(args.out, images)
        print(f'{len(images)} images: {Path(args.out)}')


def sequence_cameras(cfg: Config, sequences: Sequence[int]) -> list[Camera]:
    """Cameras of sequences, from the first image of each."""
    dataset = build_annotations(cfg)
    cameras: dict[str, Camera] = {}
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        cameras.setdefault(info['seq_name'], info['camera'])
    missing = [f'TS{number}' for number in sequences if f'TS{number}' not in cameras]
    if missing:
        raise ValueError(
            f'{cfg.filename}: its test data set has no {", ".join(missing)}, found {", ".join(cameras)}; give '
            f'--sequences, or the whole of MuPoTS-3D as test_dataloader.dataset.data_root'
        )
    return [cameras[f'TS{number}'] for number in sequences]


if __name__ == '__main__':
    run_command(main)
