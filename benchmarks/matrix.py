"""Which versions of PyTorch, numpy and the OpenMMLab packages work: each installed into its own environment and tested.

python benchmarks/matrix.py FOLDER [--cells NAME ...] [--tests FOLDER ...]

A cell is an environment as ``make.py`` makes it, with other versions. FOLDER/NAME holds it and FOLDER/NAME.log what was
done; FOLDER/NAME.json is its result: a cell that has one is not run again. The tests are those of the parts that touch
the host packages, without those marked slow.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mmp3d.compat.atomic_backend import AtomicLocalBackend

ROOT = Path(__file__).resolve().parents[1]
TESTS = ('compat', 'codecs', 'models', 'engine', 'pipeline')
SHOWN = (
    'torch',
    'numpy',
    'mmcv',
    'mmcv-lite',
    'onedl-mmcv',
    'mmengine',
    'onedl-mmengine',
    'mmdet',
    'onedl-mmdetection',
)
VERSIONS = (
    'import json, platform; from importlib.metadata import distributions; '
    'found = {d.metadata["Name"]: d.version for d in distributions()}; '
    'print(json.dumps({"python": platform.python_version(), **found}))'
)


class Cell(NamedTuple):
    """One environment: PyTorch as ``TORCH`` names it, pip's constraints, commands before and after make.py, the Python.

    Commands are what follows the environment's Python; FOLDER in them is that of the environment.
    """

    torch: str | None = None
    constraints: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    python: str | None = None
    variables: Mapping[str, str] = {}


# Its source is brought into a form that compiles sooner.
MERGED_MMCV = (
    'benchmarks/merged_mmcv.py mmcv==2.1.0 FOLDER/mmcv-source',
    '-m pip install --no-build-isolation --no-deps FOLDER/mmcv-source',
)
# Builds mmcv's operators for the processor; this PyTorch's headers need a later C++ than mmcv's setup asks for.
FULL_MMCV = {'MMCV_WITH_OPS': '1', 'FORCE_CUDA': '0', 'CXX': str(ROOT / 'benchmarks' / 'cxx20.sh')}
# The fork of mmcv has no form without operators; mmcv-lite stays. That of mmdet imports imgaug, which needs numpy 1.
FORKS = (
    '-m pip install imgaug',
    '-m pip uninstall -y mmengine mmdet',
    '-m pip install --no-deps --no-build-isolation onedl-mmengine==0.10.12 onedl-mmdetection==3.5.1',
)
CELLS = {
    'default': Cell(),
    'numpy-1.26': Cell(constraints=('numpy==1.26.4',)),
    'torch-2.4': Cell('torch==2.4.1 torchvision==0.19.1'),
    'torch-2.0': Cell('torch==2.0.1 torchvision==0.15.2', ('numpy==1.26.4',)),
    'torch-2.15': Cell('torch==2.15.0 torchvision==0.29.2'),
    'python-3.10': Cell(python='python3.10'),
    'python-3.12': Cell(python='python3.12'),
    'full-mmcv': Cell(before=MERGED_MMCV, variables=FULL_MMCV),
    'forks': Cell(constraints=('numpy==1.26.4',), after=FORKS),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the cells and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path)
    parser.add_argument('--cells', nargs='+', choices=CELLS, default=list(CELLS), metavar='NAME')
    parser.add_argument('--tests', nargs='+', default=[f'tests/test_{name}' for name in TESTS], metavar='FOLDER')
    args = parser.parse_args(arguments)
    args.folder.mkdir(parents=True, exist_ok=True)
    results = {name: cell_result(name, args.folder.absolute(), args.tests) for name in args.cells}
    print(table(results))


def cell_result(name: str, folder: Path, tests: Sequence[str]) -> dict:
    """The stored result of a cell, or that of running it now."""
    file = folder / f'{name}.json'
    if not file.exists():
        print(f'{name} ...', flush=True)
        with (folder / f'{name}.log').open('w', encoding='utf-8') as log:
            result = Environment(folder / name, CELLS[name], log).run(tests)
        AtomicLocalBackend().put_text(json.dumps(result, indent=2), file)
    return json.loads(file.read_text(encoding='utf-8'))


class Environment:
    """The environment of a cell; all that its commands print goes to ``log``."""

    def __init__(self, folder: Path, cell: Cell, log) -> None:
        self.folder, self.cell, self.log = folder, cell, log
        constraints = folder.with_name(f'{folder.name}.constraints.txt')
        constraints.write_text('\n'.join((*global_constraints(), *cell.constraints)), encoding='utf-8')
        self.variables = {**os.environ, **cell.variables, 'PIP_CONSTRAINT': str(constraints)}
        self.variables.pop('PYTHONPATH', None)
        self.python = str(folder / ('Scripts/python.exe' if os.name == 'nt' else 'bin/python'))

    def run(self, tests: Sequence[str]) -> dict:
        """Install and test: versions, outcome ('installed' or the step that failed), the tests' last line, seconds."""
        began = time.monotonic()
        failed = next((step for step in self._steps() if self._call(*step)), None)
        seconds = round(time.monotonic() - began)
        versions = {} if failed else json.loads(self._output(self.python, '-c', VERSIONS))
        passed = '' if failed else self._tests(tests)
        outcome = 'installed' if failed is None else f'failed: {" ".join(failed[-3:])}'
        return {'outcome': outcome, 'versions': versions, 'tests': passed, 'seconds': seconds}

    def _steps(self) -> list[tuple[str, ...]]:
        chosen = [('--torch', self.cell.torch), ('--python', self.cell.python)]
        options = [word for option, value in chosen if value for word in (option, value)]
        make = (sys.executable, str(ROOT / 'make.py'), '--venv', str(self.folder), *options, 'env')
        before, after = (
            [(self.python, *text.replace('FOLDER', str(self.folder)).split()) for text in texts]
            for texts in (self.cell.before, self.cell.after)
        )
        if not before:
            return [make, *after]
        # What must be there before make.py, which leaves a full mmcv as it is.
        files = [word for file in ('build', 'torch') for word in ('-r', str(ROOT / 'requirements' / f'{file}.txt'))]
        venv = (self.cell.python or sys.executable, '-m', 'venv', str(self.folder))
        return [venv, (self.python, '-m', 'pip', 'install', *files), *before, make, *after]

    def _tests(self, tests: Sequence[str]) -> str:
        out = self._output(self.python, '-m', 'pytest', '-m', 'not slow', *tests)
        ends = re.findall(r'^(?=.*\b(?:passed|failed|error)).* in [\d.]+s.*$', out, re.MULTILINE)
        return re.sub(r' in [\d.]+s.*|=', '', ends[-1]).strip() if ends else 'did not run'

    def _call(self, *command: str) -> int:
        return subprocess.run(
            command, stdout=self.log, stderr=subprocess.STDOUT, env=self.variables, cwd=ROOT
        ).returncode

    def _output(self, *command: str) -> str:
        out = subprocess.run(command, stdout=subprocess.PIPE, stderr=self.log, env=self.variables, cwd=ROOT, text=True)
        self.log.write(out.stdout)
        self.log.flush()
        return out.stdout


def global_constraints() -> list[str]:
    """The lines of the caller's own constraints file, which ours would replace."""
    file = os.environ.get('PIP_CONSTRAINT')
    return Path(file).read_text(encoding='utf-8').splitlines() if file else []


def table(results: Mapping[str, dict]) -> str:
    """Markdown, a row a cell: versions, outcome, tests, seconds of the installation."""
    rows = [('cell', 'versions', 'installation', 'tests', 'seconds'), ('---',) * 5]
    for name, result in results.items():
        found = result['versions']
        versions = ', '.join(f'{key} {found[key]}' for key in SHOWN if key in found)
        rows.append((name, versions, result['outcome'], result['tests'], str(result['seconds'])))
    return '\n'.join(f'| {" | ".join(row)} |' for row in rows)


if __name__ == '__main__':
    main()
