"""Read inputs that are bred by the branches that they reach in our parsers; needs requirements/quality.txt (Linux).

python benchmarks/fuzz_guided.py KIND TARGET [--inputs 100000] [--found work_dirs/fuzz_guided]

Begins with the valid file of one target of tests/fuzzing/kinds.py ('cameras' 'OpenCV .yaml') and with the inputs in
--found that reached something new before. Ends at the first input that leads to anything but a ValueError, a
FileNotFoundError or something whole; it is kept in --found.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import warnings
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.fuzzing.kinds import KINDS, targets_of  # noqa: E402  (the tests are no installed package)
from tests.fuzzing.target import Target  # noqa: E402

# Packages whose branches count.
INSTRUMENTED = ['mmp3d', 'yaml']
# The longest text or file, bytes; seconds for one input, by the clock; MB: the libraries take half a gigabyte.
LONGEST, PATIENCE, MOST_MEMORY = 16384, 1200, 4096


def target_of(kind: str, name: str, folder: Path) -> Target:
    """A target whose reader, and what it imports of ours, tells the branches that are taken."""
    with atheris.instrument_imports(include=INSTRUMENTED):
        targets = targets_of(kind, folder)
    if name not in targets:
        raise SystemExit(f'no target {name!r} of kind {kind}; known: {list(targets)}')
    return targets[name]


def main() -> None:
    """Run libFuzzer; it ends the process itself."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('kind', choices=KINDS)
    parser.add_argument('target', help='name of a file of the kind')
    parser.add_argument('--inputs', type=int, default=100_000)
    parser.add_argument('--found', type=Path, default=Path('work_dirs/fuzz_guided'))
    args = parser.parse_args()
    warnings.simplefilter('ignore')
    logging.disable(logging.CRITICAL)
    corpus = args.found / f'{args.kind}_{args.target}'.replace(' ', '_')
    folder = corpus.with_name(f'{corpus.name}_files')
    shutil.rmtree(folder, ignore_errors=True)
    target = target_of(args.kind, args.target, folder)
    corpus.mkdir(parents=True, exist_ok=True)
    (corpus / 'valid').write_bytes(target.valid)
    limits = dict(runs=args.inputs, max_len=LONGEST, timeout=PATIENCE, rss_limit_mb=MOST_MEMORY)
    options = [f'-{name}={value}' for name, value in limits.items()]

    def read(data: bytes) -> None:
        target.run_bytes(data)

    atheris.Setup([sys.argv[0], *options, f'-artifact_prefix={args.found}/', str(corpus)], read)
    atheris.Fuzz()


if __name__ == '__main__':
    main()
