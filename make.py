"""Makes mmp3d's environment and runs its tests and demo: `python make.py test`, the same on Linux, macOS and Windows.

The environment is built in steps. A finished step leaves a stamp inside the environment, so that the next run skips it
and an interrupted run goes on where it stopped. Needs only the standard library; changes nothing outside of itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

say = partial(print, flush=True)  # in order with what the commands print
ROOT = Path(__file__).resolve().parent
OLDEST, NEWEST = (3, 10), (3, 12)
EXPECTED = 'Python 3.10 to 3.12'
DESCRIPTION = """targets:
  env     make or complete the environment
  test    ruff check, ruff format --check, pytest (further arguments go to pytest)
  docs    the documentation site, in build/site (arguments go to `mkdocs build`)
  lint    ruff alone
  format  let ruff rewrite the code
  demo    people of a synthetic clip in space: a page, a video, files (arguments go to tools/demo.py)
  clean   remove build products and caches; --env removes the environment too

environment variables (or options before the target):
  VENV    folder of the environment                                  (--venv,   default .venv)
  PYTHON  Python 3.10-3.12 to make it with                           (--python, default: this one, else one on the PATH)
  TORCH   what pip shall install as PyTorch, e.g. "torch==2.9.1 torchvision==0.24.1"; "skip" keeps what the
          environment holds; the choice is remembered                (--torch,  default requirements/torch.txt)
  VIDEO   the demo uses this file, with the 2D poses POSE2D (default: a file poses2d*NAME.json beside the video)
  TRAIN   1: the demo trains and tests the tiny network, too; QUICK=1: in its short form, as CI runs it"""

GO_ON = '  The same command goes on from here; `python make.py clean --env` starts anew.'
VERSION = 'import sys; print(*sys.version_info[:2])'
# What is asked of an environment's own Python: the distributions that it sees may lie outside of its folder.
PROBE = (
    'import json, sys; from importlib import metadata; '
    'names = [d.metadata["Name"] for d in metadata.distributions()]; '
    'print(json.dumps({"version": sys.version_info[:2], "names": [name for name in names if name]}))'
)
LOADS = (
    'import platform, torch, torchvision, numpy, mmp3d, mmengine, mmcv, mmdet, mmpose, cv2, xtcocotools.mask; '
    'modules = (torch, torchvision, numpy, mmengine, mmcv, mmdet, mmpose, mmp3d); '
    'print("python", platform.python_version(), *(f"{m.__name__} {m.__version__}" for m in modules))'
)


class SetupError(Exception):
    """A failure that the user can mend; its text says how."""


class Step(NamedTuple):
    """One pip call: what it does, its arguments, the text that decides whether it must run again, help if it fails."""

    name: str
    title: str
    pip: list[str]
    text: str
    hint: str = 'See the message of pip above.'


def python_version(python: str | Path, run: Callable = subprocess.run) -> tuple[int, int] | None:
    """(major, minor) of an interpreter, None where it does not start."""
    try:
        found = run([str(python), '-c', VERSION], capture_output=True, text=True, env=clean_environment())
    except OSError:
        return None
    numbers = found.stdout.split() if found.returncode == 0 else []
    return (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 else None


def choose_python(wanted: str | None, run: Callable = subprocess.run) -> str:
    """The interpreter to make the environment with: the wanted one, else this one, else the newest fitting on the PATH.

    Raises:
        SetupError: none of them is supported.
    """
    names = [wanted] if wanted else [sys.executable, 'python3.12', 'python3.11', 'python3.10']
    seen = []
    for name in names:
        path = shutil.which(name)
        version = python_version(path, run) if path else None
        if version and OLDEST <= version <= NEWEST:
            return str(path)
        seen.append(f'{name}: {"Python " + dotted(version) if version else "does not start or does not exist"}')
    raise SetupError(
        f'No supported Python.\n  found:    {"; ".join(seen)}\n  expected: {EXPECTED}\n'
        f'  remedy:   install one of them and name it, e.g. PYTHON=python{dotted(NEWEST)}'
    )


def dotted(version: tuple[int, int]) -> str:
    """(3, 12) -> '3.12'."""
    return '.'.join(map(str, version))


def clean_environment() -> dict[str, str]:
    """The environment variables without those that would let other packages leak in."""
    leaking = ('PYTHONPATH', 'PYTHONHOME', '__PYVENV_LAUNCHER__', 'PIP_TARGET', 'PIP_PREFIX', 'PIP_USER')
    return {**{k: v for k, v in os.environ.items() if k not in leaking}, 'PYTHONNOUSERSITE': '1'}


def requirement_text(name: str) -> str:
    """A requirements file without its comments."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    return '\n'.join(line for line in lines if line.strip() and not line.startswith('#'))


def pip_files(*names: str) -> list[str]:
    """pip's arguments for requirements files."""
    return [argument for name in names for argument in ('-r', str(ROOT / 'requirements' / f'{name}.txt'))]


def torch_step(torch: str | None) -> Step:
    """The step that installs PyTorch: the default pair, the user's own choice, or none."""
    hint = 'Another version or build: TORCH="torch==X torchvision==Y" and pip options, e.g. --index-url.'
    if torch is None:
        text = requirement_text('torch')
        return Step('torch', f'PyTorch: {" ".join(text.split())}', pip_files('torch'), text, hint)
    if torch in ('skip', 'existing'):
        return Step('torch', 'PyTorch: what is there', [], torch)
    if 'torchvision' not in torch:
        raise SetupError(
            f'TORCH="{torch}" lacks torchvision.\n  expected: both, e.g. TORCH="torch==2.9.1 torchvision==0.24.1"\n'
            '  reason:   they must be built for each other, and pip would change torch to fit the newest torchvision'
        )
    return Step('torch', f'PyTorch: {torch}', shlex.split(torch), torch, hint)


def plan(torch: str | None, full_mmcv: bool) -> list[Step]:
    """All steps in order; mmcv-lite is left out where a full mmcv would be overwritten by it."""
    host = ('mminstall',) if full_mmcv else ('mmcv', 'mminstall')
    alone = ['--no-deps', '--no-build-isolation']
    build_files = ('pyproject.toml', 'setup.py', 'mmp3d/version.py', 'requirements/runtime.txt')
    build_text = '\n'.join((ROOT / name).read_text(encoding='utf-8') for name in build_files)
    return [
        Step('build', 'build tools', pip_files('build'), requirement_text('build')),
        torch_step(torch),
        Step('runtime', 'libraries', pip_files('runtime'), requirement_text('runtime')),
        Step(
            'openmmlab',
            'mmcv, mmdet, mmpose; compiles xtcocotools',
            [*alone, '--no-cache-dir', *pip_files(*host)],
            '\n'.join(map(requirement_text, host)),
            'xtcocotools needs a C compiler: gcc, clang, or on Windows the Visual C++ Build Tools.',
        ),
        Step('mmp3d', 'mmp3d itself, as an editable package', [*alone, '-e', str(ROOT)], f'{ROOT}\n{build_text}'),
        Step('tests', 'pytest, hypothesis, ruff, Jupyter kernel', pip_files('tests'), requirement_text('tests')),
    ]


def target_steps(target: str) -> list[Step]:
    """What a target needs beside the environment of all."""
    return [Step('docs', 'MkDocs', pip_files('docs'), requirement_text('docs'))] if target == 'docs' else []


class Environment:
    """A virtual environment that is built step by step.

    Args:
        folder: where it is or shall be.
        python: the interpreter asked for, None for any that fits.
        torch: what pip shall install as PyTorch; None for the remembered choice or the default.
        run: `subprocess.run`, or a test's stand-in.
    """

    def __init__(self, folder: Path, python: str | None, torch: str | None, run: Callable = subprocess.run) -> None:
        self.folder, self.wanted_python, self.torch, self.run = folder.absolute(), python, torch, run
        self.python = self.folder / ('Scripts/python.exe' if os.name == 'nt' else 'bin/python')
        self.stamps = self.folder / 'mmp3d-setup'
        # Only what was made here is repaired by removing things; VENV= may name an environment of the user's own.
        self.made_here = self.stamps / 'made-here'
        self.choice = self.stamps / 'torch.choice'

    def ensure(self, target: str = 'env') -> None:
        """Make or complete the environment for a target, saying what is done; at once if everything stands.

        Raises:
            SetupError: a step fails; what has been finished is kept.
        """
        began = time.monotonic()
        self._remove_torn_packages()
        installed = self._ensure_venv()
        self.torch = self.torch or self._remembered_torch()
        steps = plan(self.torch, full_mmcv='mmcv' in installed) + target_steps(target)
        missing = [step for step in steps if not self._finished(step, installed)]
        for number, step in enumerate(steps, 1):
            if step in missing:
                self._carry_out(step, f'[{number}/{len(steps)}] {step.title}', installed)
        if missing:
            self._check()
            say(f'The environment {self.folder} is complete ({time.monotonic() - began:.0f} s).')

    def call(self, *arguments: str) -> int:
        """Run the environment's Python on the checkout; its exit code."""
        return self.run([str(self.python), *arguments], cwd=ROOT, env=clean_environment()).returncode

    def _ensure_venv(self) -> set[str]:
        """The names of the installed distributions, once the environment has a fitting Python and pip."""
        version, installed = self._probe()
        if version is None or 'pip' not in installed:
            self._make_venv()
            return self._probe()[1]
        wanted = python_version(self.wanted_python, self.run) if self.wanted_python else version
        if OLDEST <= version <= NEWEST and wanted == version:
            return installed
        raise SetupError(
            f'The environment {self.folder} does not fit.\n  found:    Python {dotted(version)}\n  expected: '
            + (f'{EXPECTED}\n' if wanted == version else f'that of PYTHON={self.wanted_python}\n')
            + '  remedy:   name another folder with VENV=, or remove this one'
        )

    def _make_venv(self) -> None:
        python = choose_python(self.wanted_python, self.run)
        if self.folder.exists():
            say(f'Repairing the environment {self.folder} with {python}')
        else:
            say(f'Making the environment {self.folder} with {python} (some minutes, 6 GB with the default PyTorch)')
            self.stamps.mkdir(parents=True)
            self.made_here.touch()
        if self.run([python, '-m', 'venv', str(self.folder)], env=clean_environment()).returncode:
            raise SetupError(
                f'{python} -m venv {self.folder} failed (see above).\n  remedy: remove that folder and try again; '
                'on Debian and Ubuntu the package python3-venv must be installed.'
            )

    def _probe(self) -> tuple[tuple[int, int] | None, set[str]]:
        """Version of the environment's Python, None where it does not start, and its distributions."""
        if not self.python.exists():
            return None, set()
        found = self.run([str(self.python), '-c', PROBE], capture_output=True, text=True, env=clean_environment())
        if found.returncode:
            return None, set()
        facts = json.loads(found.stdout)
        return tuple(facts['version']), {normal_name(name) for name in facts['names']}

    def _remove_torn_packages(self) -> None:
        """pip writes RECORD last: a package without it was cut off, but pip would take it for installed."""
        sites = [self.folder / 'Lib' / 'site-packages', *self.folder.glob('lib/python3*/site-packages')]
        torn = [info for site in sites for info in site.glob('*.dist-info') if not (info / 'RECORD').exists()]
        for info in torn if self.made_here.exists() else []:
            say(f'{info.name} was not completely installed; it will be installed again.')
            shutil.rmtree(info)

    def _remembered_torch(self) -> str | None:
        """The user's own choice, once it has been installed: a wrong one is not held on to."""
        return self.choice.read_text(encoding='utf-8') if self.choice.exists() else None

    def _finished(self, step: Step, installed: set[str]) -> bool:
        stamp = self.stamps / f'{step.name}.stamp'
        stamped = stamp.exists() and stamp.read_text(encoding='utf-8') == digest(step.text)
        return stamped and required_names(step) <= installed

    def _carry_out(self, step: Step, label: str, installed: set[str]) -> None:
        stamp = self.stamps / f'{step.name}.stamp'
        stamp.parent.mkdir(exist_ok=True)
        stamp.unlink(missing_ok=True)
        began = time.monotonic()
        say(f'{label} ...')
        if step.pip:
            self._pip_install(step, label)
        elif not required_names(step) <= installed:
            raise SetupError(
                f'TORCH={step.text}, but {self.folder} holds no torch and torchvision.\n'
                '  remedy: install both there, or name them: TORCH="torch==X torchvision==Y"'
            )
        if step.name == 'torch' and self.torch:
            self.choice.write_text(self.torch, encoding='utf-8')
        stamp.write_text(digest(step.text), encoding='utf-8')
        say(f'{label}: done in {time.monotonic() - began:.0f} s')

    def _pip_install(self, step: Step, label: str) -> None:
        # Without a terminal (CI, a log file) pip's bars and its line a package would bury the steps.
        quiet = [] if sys.stdout.isatty() else ['-q']
        code = self.call('-m', 'pip', 'install', '--disable-pip-version-check', *quiet, *step.pip)
        if code:
            raise SetupError(f'{label} failed (exit code {code} of pip).\n  {step.hint}\n{GO_ON}')

    def _check(self) -> None:
        say('Checking that everything loads ...')
        if self.call('-c', LOADS):
            for stamp in self.stamps.glob('*.stamp'):
                stamp.unlink()
            raise SetupError(f'The installed packages do not work together (see above).\n{GO_ON}')


def digest(text: str) -> str:
    """What a stamp holds: changes when the text does."""
    return hashlib.sha256(text.encode()).hexdigest()


def normal_name(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r'[-_.]+', '-', name).lower()


def required_names(step: Step) -> set[str]:
    """The distributions that must be there once a step is done."""
    fixed = {'torch': {'torch', 'torchvision'}, 'mmp3d': {'mmp3d'}}
    if step.name in fixed:
        return fixed[step.name]
    names = (re.match(r'[A-Za-z0-9][\w.-]*', line) for line in step.text.split('\n'))
    return {normal_name(name.group()) for name in names if name}


def lint(env: Environment, extra: list[str]) -> int:
    """ruff's rules and ruff's format; both run, so that one sees all there is to mend."""
    say('Checking style (ruff) ...')
    commands = (['check'], ['format', '--check'])
    return max(env.call('-m', 'ruff', *command, *extra, '.') for command in commands)


def test(env: Environment, extra: list[str]) -> int:
    """Style, then the test suite; arguments go to pytest."""
    return lint(env, []) or env.call('-m', 'pytest', *extra)


def docs(env: Environment, extra: list[str]) -> int:
    """Build the site in build/site; a broken link or a page that is in no menu is an error."""
    return env.call('-m', 'mkdocs', 'build', '--strict', *extra)


def demo(env: Environment, extra: list[str]) -> int:
    """tools/demo.py with VIDEO, POSE2D, QUICK and TRAIN as its options."""
    files = {name: file for name in ('video', 'pose2d') if (file := os.environ.get(name.upper()))}
    for name, file in files.items():
        if not Path(file).exists():
            raise SetupError(f'{name.upper()}={file}: no such file.\n  expected: an existing one, e.g. VIDEO=clip.mp4')
    given = [word for name, file in files.items() for word in (f'--{name}', str(Path(file).absolute()))]
    switches = [f'--{name}' for name in ('quick', 'train') if os.environ.get(name.upper(), '') not in ('', '0')]
    return env.call('tools/demo.py', *given, *switches, *extra)


def reformat(env: Environment, extra: list[str]) -> int:
    """Let ruff rewrite what it can."""
    return env.call('-m', 'ruff', 'check', '--fix', *extra, '.') or env.call('-m', 'ruff', 'format', *extra, '.')


def clean(env: Environment, extra: list[str]) -> int:
    """Remove build products and caches; with --env the environment, if it was made here."""
    for name in ('build', 'dist', 'mmp3d.egg-info', '.pytest_cache', '.ruff_cache', '.hypothesis'):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    if '--env' in extra and env.made_here.exists():
        shutil.rmtree(env.folder)
    elif '--env' in extra and env.folder.exists():
        raise SetupError(f'{env.folder} was not made by this script; remove it yourself.')
    return 0


TARGETS = {
    'env': lambda env, extra: 0,
    'test': test,
    'lint': lint,
    'docs': docs,
    'format': reformat,
    'demo': demo,
    'clean': clean,
}


def main(argv: list[str] | None = None) -> int:
    """Read the command line, make the environment and run the target; the exit code."""
    parser = argparse.ArgumentParser(epilog=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--venv', default=os.environ.get('VENV') or str(ROOT / '.venv'), help='see VENV')
    parser.add_argument('--python', default=os.environ.get('PYTHON') or None, help='see PYTHON')
    parser.add_argument('--torch', default=os.environ.get('TORCH') or None, help='see TORCH')
    parser.add_argument('target', choices=[*TARGETS, 'help'], nargs='?', default='help')
    parser.add_argument('extra', nargs=argparse.REMAINDER, help='further arguments of the target')
    args = parser.parse_args(argv)
    if args.target == 'help':
        parser.print_help()
        return 0
    env = Environment(Path(args.venv), args.python, args.torch)
    try:
        if args.target != 'clean':
            env.ensure(args.target)
        return TARGETS[args.target](env, args.extra)
    except SetupError as error:
        print(f'\n{error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f'\nInterrupted.\n{GO_ON}', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
