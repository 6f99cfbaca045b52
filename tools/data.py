"""Look after data sets on disk: check what is there, show a sample, and make them faster to read.

python tools/data.py check NAME --root DIR [--split SPLIT ...] [--images N|all] [--workers N]
python tools/data.py show NAME --root DIR --index I [--split SPLIT] [--out FILE]
python tools/data.py convert NAME --root DIR [--split SPLIT ...] [--out FOLDER] [--frames]
python tools/data.py shrink NAME --root DIR --out FOLDER --least-side N [--split SPLIT]

NAME: muco, mupots, mpi_inf_3dhp, coco, jta, 3dpw, h36m. Exit status: 0 all is well; 1 a mistake in the command, or
something that cannot be read; 2 an unknown option; 3 `check` found something missing or wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from mmp3d.datasets.image_file import read_image
from mmp3d.datasets.inspection import (
    RELEASES,
    check_dataset,
    convert_annotations,
    findings_table,
    open_split,
    remedy_of,
)
from mmp3d.datasets.inspection.shrink import shrink_images
from mmp3d.datasets.inspection.videos import extract_frames
from mmp3d.engine.launch import run_command
from mmp3d.visualization.item_picture import item_picture

INCOMPLETE = 3


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', required=True)
    check = commands.add_parser('check', help='print what is found against what is expected')
    check.add_argument('--images', type=_image_count, default=200, help='how many images of a split to read, or "all"')
    show = commands.add_parser('show', help='draw a sample with its 2D, 3D and camera')
    show.add_argument('--index', type=int, default=0, help='place of the image in the split, from 0')
    show.add_argument('--out', metavar='FILE', help='picture to write; default NAME_SPLIT_INDEX.jpg')
    convert = commands.add_parser('convert', help='parse the annotations once, for all later runs')
    convert.add_argument('--out', metavar='FOLDER', help="annotation_cache of the data set; default its own folder's")
    convert.add_argument('--frames', action='store_true', help='jta: write the frames of videos/ to frames/ instead')
    shrink = commands.add_parser('shrink', help='copy the pictures, large JPEGs at a half, a quarter or an eighth')
    shrink.add_argument('--out', metavar='FOLDER', required=True, help="for the copies; the data set's data_prefix")
    shrink.add_argument('--least-side', type=int, required=True, metavar='N', help='as in LoadMultiPersonImage')
    for command in (check, show, convert, shrink):
        command.add_argument('name', choices=list(RELEASES), metavar='NAME', help=', '.join(RELEASES))
        command.add_argument('--root', required=True, help='folder of the data set')
    for command in (check, show, convert, shrink):
        command.add_argument('--ann-file', metavar='FILE', help="annotations in place of the loader's default")
    for command in (check, convert):
        command.add_argument('--split', nargs='+', help='default: all splits')
    for command in (check, convert, shrink):
        command.add_argument('--workers', type=int, metavar='N', help='default: as many as there are processors')
    for command in (show, shrink):
        command.add_argument('--split', help='default: the first that the data set has')
    return parser.parse_args(arguments)


def _image_count(text: str) -> int | None:
    if text == 'all':
        return None
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f'expected a number or "all", got {text!r}')
    return int(text)


def check(args: argparse.Namespace) -> int:
    """Print the table; 3 if anything is missing or wrong."""
    findings = check_dataset(args.name, args.root, args.split, args.ann_file, args.images, args.workers)
    print(findings_table(findings))
    if not any(finding.problem for finding in findings):
        return 0
    print(remedy_of(args.name))
    return INCOMPLETE


def show(args: argparse.Namespace) -> int:
    """Write the picture of one sample and print its path."""
    split = args.split or next(iter(RELEASES[args.name].splits))
    dataset = open_split(args.name, args.root, split, args.ann_file)
    if not 0 <= args.index < len(dataset):
        raise ValueError(f'--index must be 0 to {len(dataset) - 1}, got {args.index}')
    item = dataset.get_data_info(args.index)
    image = read_image(item['img_path'], item['img_shape'])
    picture = item_picture(item, image[..., ::-1], dataset.metainfo)
    out = Path(args.out or f'{args.name}_{split}_{args.index}.jpg')
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        written = cv2.imwrite(str(out), picture[..., ::-1])
    except cv2.error as error:
        raise ValueError(f'cannot write {out}: name a file that ends in .jpg or .png ({error.err})') from error
    if not written:
        raise OSError(f'cannot write {out}')
    print(out)
    return 0


def convert(args: argparse.Namespace) -> int:
    """Parse the annotations once, or write the frames of videos, and print what was made."""
    if not args.frames:
        counts = convert_annotations(args.name, args.root, args.split, args.ann_file, args.out)
        print(', '.join(f'{split}: {count:,} images' for split, count in counts.items()))
        return 0
    if args.name != 'jta':
        raise ValueError(f'only jta comes as videos; leave --frames out for {args.name}')
    count = extract_frames(args.root, args.split or RELEASES['jta'].splits, args.workers)
    print(f'{count} videos converted')
    return 0


def shrink(args: argparse.Namespace) -> int:
    """Write smaller copies of the pictures and print how many."""
    split = args.split or next(iter(RELEASES[args.name].splits))
    counts = shrink_images(args.name, args.root, split, args.out, args.least_side, args.ann_file, args.workers)
    print(', '.join(f'{count:,} {what}' for what, count in counts.items()))
    return 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool."""
    args = parse_args(arguments)
    status = {'check': check, 'show': show, 'convert': convert, 'shrink': shrink}[args.command](args)
    if status:
        sys.exit(status)


if __name__ == '__main__':
    run_command(main)
