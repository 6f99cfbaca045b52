"""How many small faults in geometry, codecs and metrics the tests find: a seeded sample of mutants, by folder.

python benchmarks/mutation.py FOLDER [--folders geometry ...] [--sample 600] [--seed 0] [--processes 2] [--survivors]

Needs ``pip install -r requirements/quality.txt``. FOLDER gets a clone of the checkout's HEAD and what mutmut makes of
it; mutants that were tried there before are not tried again, so a larger --sample goes on. A mutant is killed by a test
that fails or does not end; --survivors names the others, ``mutmut show NAME`` in FOLDER/checkout shows one.

The sample is drawn of --folders, and their own tests alone are run; other folders or later tests take another FOLDER.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
# What is mutated, and the tests that shall see it.
FOLDERS = {
    'geometry': 'tests/test_geometry',
    'codecs': 'tests/test_codecs',
    'evaluation/functional': 'tests/test_evaluation',
}
SETTINGS = """
[tool.mutmut]
source_paths = ["mmp3d"]
only_mutate = {files}
also_copy = ["tests", "configs", "weights", "benchmarks", "tools", "docs", "requirements", "setup.py", "README.md",
    "model-index.yml"]
pytest_add_cli_args_test_selection = {tests}
pytest_add_cli_args = ["-m", "not slow", "--import-mode=importlib", "-p", "no:cacheprovider", "-q"]
use_setproctitle = false
use_git_change_detection = false
track_dependencies = false
"""
# mutmut's exit codes: pytest's for a test that failed, or whose run broke; signals of what does not end; of those that
# no test reaches.
SURVIVED, UNREACHED = 0, (5, 33)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the mutants, try the sample and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path)
    parser.add_argument('--sample', type=int, default=600)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--folders', nargs='+', choices=FOLDERS, default=list(FOLDERS), metavar='NAME')
    parser.add_argument('--processes', type=int, default=2)
    parser.add_argument('--survivors', action='store_true')
    args = parser.parse_args(arguments)
    checkout = args.folder / 'checkout'
    if not checkout.is_dir():
        subprocess.run(['git', 'clone', '--quiet', str(ROOT), str(checkout)], check=True)
        with (checkout / 'pyproject.toml').open('a', encoding='utf-8') as file:
            file.write(settings(args.folders))
    if not outcomes(checkout):
        mutmut(checkout, args.processes, ['no.such.mutant'])
    names = sample(sorted(outcomes(checkout)), args.sample, args.seed)
    mutmut(checkout, args.processes, names)
    found = {name: code for name, code in outcomes(checkout).items() if name in set(names)}
    print(table(found))
    if args.survivors:
        print('\n'.join(name for name, code in found.items() if not is_killed(code)))


def settings(folders: Sequence[str]) -> str:
    """mutmut's settings, TOML."""
    files = json.dumps([f'mmp3d/{folder}/*.py' for folder in folders])
    return SETTINGS.format(files=files, tests=json.dumps([FOLDERS[folder] for folder in folders]))


def mutmut(checkout: Path, processes: int, names: Sequence[str]) -> None:
    """Try mutants; what mutmut says goes to a file beside them."""
    command = [sys.executable, '-m', 'mutmut', 'run', '--max-children', str(processes), *names]
    variables = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
    with (checkout / 'mutmut.log').open('a', encoding='utf-8') as log:
        subprocess.run(command, cwd=checkout, env=variables, stdout=log, stderr=subprocess.STDOUT)


def outcomes(checkout: Path) -> dict[str, int | None]:
    """Exit code of each mutant, None where it was not tried."""
    found = {}
    for file in sorted((checkout / 'mutants').rglob('*.meta')):
        found.update(json.loads(file.read_text(encoding='utf-8'))['exit_code_by_key'])
    return found


def sample(names: Sequence[str], size: int, seed: int) -> list[str]:
    """So many of the names; a larger sample of the same seed begins with a smaller one."""
    return [names[index] for index in np.random.default_rng(seed).permutation(len(names))[:size]]


def is_killed(code: int | None) -> bool:
    """Whether a test found the mutant."""
    return code is not None and code != SURVIVED and code not in UNREACHED


def table(found: dict[str, int | None]) -> str:
    """Markdown: mutants that were tried and killed by folder."""
    rows = [('folder', 'tried', 'killed', 'survived', 'reached by no test', 'killed, %'), ('---',) * 6]
    for folder in (*FOLDERS, 'all'):
        prefix = 'mmp3d.' if folder == 'all' else f'mmp3d.{folder.replace("/", ".")}.'
        codes = [code for name, code in found.items() if name.startswith(prefix) and code is not None]
        killed, survived = sum(map(is_killed, codes)), codes.count(SURVIVED)
        share = f'{100 * killed / len(codes):.1f}' if codes else '-'
        rows.append((folder, *map(str, (len(codes), killed, survived, len(codes) - killed - survived)), share))
    return '\n'.join(f'| {" | ".join(row)} |' for row in rows)


if __name__ == '__main__':
    main()
