"""How long annotations take to load, and how much memory: without cache, with it, and with it in a second process.

python benchmarks/annotations.py [--folder FOLDER] [NAME ...]

Writes annotation files of the sizes of the real data sets, without images, and loads each in processes of its own.
Seconds are given on the clock and of the processor: on a busy machine the former says little.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import annotation_files

WRITERS = {
    'mupots': annotation_files.write_mupots,
    'muco': annotation_files.write_muco,
    'jta': annotation_files.write_jta,
}
BUILD = {
    'mupots': 'MuPoTSDataset(data_root=root, needs_images=False)',
    'muco': 'MuCoDataset(data_root=root, needs_images=False)',
    'jta': "JTADataset('test', data_root=root, needs_images=False)",
}
# Imports are not counted; the peak is that of the whole process, so that of the imports is shown beside it.
SCRIPT = """
import json, resource, sys, time
from mmp3d.datasets import JTADataset, MuCoDataset, MuPoTSDataset
root = sys.argv[1]
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, clock, processor = peak(), time.perf_counter(), time.process_time()
dataset = {build}
item = dataset.get_data_info(len(dataset) // 2)
clock, processor = time.perf_counter() - clock, time.process_time() - processor
print(json.dumps(dict(images=len(dataset), clock=clock, processor=processor, before=before, peak=peak())))
"""
TITLES = ('data set', 'cache', 'images', 'clock s', 'CPU s', 'peak MB', 'of it imports')


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', choices=[[], *WRITERS], help='data sets; all without names')
    parser.add_argument('--folder', type=Path, help='keep the files here, and use what is here')
    args = parser.parse_args(arguments)
    folder = args.folder or Path(tempfile.mkdtemp(prefix='mmp3d_annotations_'))
    print('| ' + ' | '.join(TITLES) + ' |\n' + '|---' * len(TITLES) + '|')
    try:
        for name in args.names or WRITERS:
            _measure(name, folder / name)
    finally:
        if args.folder is None:
            shutil.rmtree(folder)


def _measure(name: str, root: Path) -> None:
    if not root.exists():
        WRITERS[name](root)
    shutil.rmtree(root / '.mmp3d_cache', ignore_errors=True)
    for state in ('cold', 'cached'):
        command = [sys.executable, '-W', 'ignore', '-c', SCRIPT.replace('{build}', BUILD[name]), str(root)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        row = (name, state, found['images'], f'{found["clock"]:.2f}', f'{found["processor"]:.2f}',
               f'{found["peak"]:.0f}', f'{found["before"]:.0f}')  # fmt: skip
        print('| ' + ' | '.join(map(str, row)) + ' |', flush=True)


if __name__ == '__main__':
    main()
