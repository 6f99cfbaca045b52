"""Read mutated annotation files of every layout: only documented errors may come of it.

python benchmarks/fuzz_parsers.py [--inputs 10000] [--first 0] [--target NAME ...]

Mutations are drawn from the number of the input, so that `--first N --inputs 1` repeats number N. Ends with an error at
the first input that leads to anything but a ValueError, a FileNotFoundError or whole items.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from mmengine.logging import MMLogger

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.test_datasets.fuzzing import targets  # noqa: E402  (the tests are no installed package)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the fuzzer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--inputs', type=int, default=10_000, help='mutated inputs of each target')
    parser.add_argument('--first', type=int, default=0, help='number of the first input')
    parser.add_argument('--target', nargs='+', default=[], help='names of the table; all without')
    args = parser.parse_args(arguments)
    warnings.simplefilter('ignore')
    MMLogger.get_current_instance().setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix='mmp3d_fuzz_') as folder:
        print('| file | inputs | documented errors | taken | seconds |\n|---|---|---|---|---|')
        for name, target in targets(Path(folder)).items():
            if name not in (args.target or [name]):
                continue
            start, taken = time.perf_counter(), 0
            for seed in range(args.first, args.first + args.inputs):
                try:
                    taken += target.run(seed)
                except Exception:
                    print(f'{name}: input {seed}', flush=True)
                    raise
            seconds = time.perf_counter() - start
            print(f'| {name} | {args.inputs} | {args.inputs - taken} | {taken} | {seconds:.0f} |', flush=True)


if __name__ == '__main__':
    main()
