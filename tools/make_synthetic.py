"""Write a synthetic data set in the layout of MuCo-3DHP, MuPoTS-3D, JTA, 3DPW, Human3.6M or COCO: docs/synthetic.md."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import CLOSE, DEFAULT_PEOPLE, DEFAULT_SIZES, SEQUENCES, Recipe


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--format', required=True, choices=sorted(DEFAULT_SIZES), help='layout of the data set')
    parser.add_argument('--out', required=True, type=Path, help='new folder, or one that the same command began')
    parser.add_argument('--images', type=int, default=1000, help='muco, coco: number of pictures')
    parser.add_argument('--sequences', type=int, default=4, help='other formats: number of sequences')
    parser.add_argument('--frames', type=int, default=100, help='other formats: frames of a sequence')
    parser.add_argument(
        '--people', type=int, nargs=2, metavar=('MIN', 'MAX'), help='people in a scene; 1 5, jta 20 60, 3dpw 1 2'
    )
    sizes = ', '.join(f'{name} {width} {height}' for name, (width, height) in DEFAULT_SIZES.items())
    parser.add_argument('--size', type=int, nargs=2, metavar=('W', 'H'), help=f'picture size; {sizes}')
    parser.add_argument('--motion', type=Path, help='folder of BVH files that people who are alone play')
    parser.add_argument(
        '--interactions', choices=['close'], help='muco, mupots, coco: what the other formats always have'
    )
    parser.add_argument('--seed', type=int, default=0, help='another seed gives other people, motions and places')
    parser.add_argument('--workers', type=int, default=1, help='number of processes')
    parser.add_argument('--prefix', default='', help='muco: put before the number in the file names')
    parser.add_argument('--video', action='store_true', help='also write each sequence as an .mp4')
    return parser.parse_args()


def make_recipe(args: argparse.Namespace) -> Recipe:
    """The recipe that the options ask for. Raises ValueError for values out of range."""
    sequences = args.format in SEQUENCES
    return Recipe(
        args.format,
        units=args.sequences if sequences else args.images,
        frames=args.frames if sequences else 1,
        people=tuple(args.people or DEFAULT_PEOPLE.get(args.format, Recipe.people)),
        size=tuple(args.size or DEFAULT_SIZES[args.format]),
        seed=args.seed,
        prefix=args.prefix if args.format == 'muco' else '',
        video=args.video and sequences,
        motion=str(args.motion.resolve()) if args.motion else '',
        interactions=CLOSE if args.interactions or args.format in DEFAULT_PEOPLE else '',
    )


class Progress:
    """One line on stderr: pictures so far, pictures a second, time left."""

    def __init__(self) -> None:
        self.start = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        rate = done / max(time.monotonic() - self.start, 1e-6)
        left = (total - done) / max(rate, 1e-6)
        end = '\n' if done == total else ''
        print(
            f'\r{done}/{total} pictures, {rate:.0f} a second, {left:.0f} s left   ',
            end=end,
            file=sys.stderr,
            flush=True,
        )


def main() -> int:
    args = parse_args()
    try:
        print(generate(make_recipe(args), args.out, args.workers, Progress()))
    except (ValueError, OSError) as error:
        print(f'make_synthetic: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('\nmake_synthetic: interrupted; the same command goes on from here', file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
