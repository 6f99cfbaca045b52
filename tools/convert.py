"""Turn a file of 3D people into one for another program.

python tools/convert.py INPUT OUTPUT [--fps N] [--smooth METHOD] [--height MM] [--world] [--overwrite]

INPUT: what tools/infer.py exported (.json .npz .csv .trc .bvh), or a prediction file with --fps.
OUTPUT: .json .npz .csv .html .rrd, or .trc .bvh, which become a file a person, OUTPUT_person<id>. See docs/outputs.md.
Exit status: 0 done; 1 a mistake in the command, or a file that cannot be read or written; 2 an unknown option.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mmp3d.engine.launch import run_command
from mmp3d.export import read_clip, write_clip
from mmp3d.export.adjustments import add_adjustment_arguments, adjusted


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('input', help='file to read')
    parser.add_argument('output', help='file to write')
    parser.add_argument('--fps', type=float, help='frames a second, for a prediction file (docs/predictions.md)')
    parser.add_argument('--frame', choices=('camera', 'world'), default='camera', help='which one a .trc or .bvh is in')
    parser.add_argument('--overwrite', action='store_true', help='replace files that are there')
    add_adjustment_arguments(parser)
    args = parser.parse_args(arguments)
    clip = adjusted(read_clip(args.input, args.fps, args.frame), args)
    for path in write_clip(args.output, clip, args.overwrite):
        print(path)


if __name__ == '__main__':
    run_command(main)
