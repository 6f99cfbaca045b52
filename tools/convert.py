"""Turn a file of 3D people into one for another program.

python tools/convert.py INPUT OUTPUT [--fps N] [--smooth METHOD] [--height MM] [--world] [--overwrite]

INPUT: what tools/infer.py exported (.json .npz .csv .trc .bvh), or a prediction file with --fps.
OUTPUT: .json .npz .csv .html .rrd, or .trc .bvh, which become a file a person, OUTPUT_person<id>. See docs/outputs.md.
INPUT may be OUTPUT, with --overwrite, but not one of several files of OUTPUT's people: it has one of them alone.
Exit status: 0 done; 1 a mistake in the command, or a file that cannot be read or written; 2 an unknown option.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mmp3d.engine.launch import run_command
from mmp3d.export import read_clip, write_clip
from mmp3d.export.adjustments import add_adjustment_arguments, adjusted
from mmp3d.export.formats import BY_PERSON, earlier_files
from mmp3d.export.read_files import ReadFiles


def _refuse_one_of_several(given: str, output: str) -> None:
    """Raise ValueError where the other people's files of the output would be taken for those of an earlier clip."""
    there = earlier_files(output) if Path(output).suffix.lower() in BY_PERSON else []
    if len(there) > 1:
        remedy = f'the other {len(there) - 1} of {output} would be lost; give another OUTPUT'
        ReadFiles({'input': [given]}).refuse(there, remedy)


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
    _refuse_one_of_several(args.input, args.output)
    clip = adjusted(read_clip(args.input, args.fps, args.frame), args)
    for path in write_clip(args.output, clip, args.overwrite):
        print(path)


if __name__ == '__main__':
    run_command(main)
