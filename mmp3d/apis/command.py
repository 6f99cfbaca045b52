"""The ``mmp3d`` command: the tools of the checkout, or of the installed wheel, under one name."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from mmengine.infer import BaseInferencer

from mmp3d.version import __version__

USAGE = """usage: mmp3d COMMAND [options]      (mmp3d COMMAND --help explains a command)

  infer     find the people of a video, folder or image in 3D: mmp3d infer clip.mp4 --out outputs
  convert   turn a file of 3D people into another: mmp3d convert people.json people.csv
  demo      see the whole system work on synthetic data (in a checkout)
  models    list the models that have a name, and whether weights are there
  data      check, show or convert a data set
  evaluate  compute metrics from a prediction file
  env       print what is installed, which operators run and which GPU there is

Exit status: 0 done; 1 a mistake that the message explains; 2 an unknown command or option; 3 (infer) written, but not
all that was asked for; 130 interrupted."""
TOOLS = ('infer', 'convert', 'demo', 'data', 'evaluate')
PACKAGES = ('torch', 'torchvision', 'mmengine', 'mmcv', 'mmcv-lite', 'mmdet', 'mmpose', 'numpy', 'opencv-python')


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ('-h', '--help'):
        print(USAGE)
        return 0 if given else 2
    name, *rest = given
    if name == '--version':
        print(__version__)
        return 0
    try:
        if name in TOOLS:
            return _run_tool(name, rest)
        if name in OWN and rest in ([], ['-h'], ['--help']):
            print(USAGE if rest else OWN[name]())
            return 0
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130
    wrong = f'{name} takes no options' if name in OWN else f'unknown command {name!r}'
    print(f'error: {wrong}\n\n{USAGE}', file=sys.stderr)
    return 2


def _run_tool(name: str, arguments: list[str]) -> int:
    """Run ``tools/<name>.py`` as a user would; its exit status, its error message printed."""
    tool = Path(BaseInferencer._get_repo_or_mim_dir('mmp3d')) / 'tools' / f'{name}.py'
    before = sys.argv
    sys.argv = [f'mmp3d {name}', *arguments]
    try:
        runpy.run_path(str(tool), run_name='__main__')
    except SystemExit as left:
        if isinstance(left.code, str):
            print(left.code, file=sys.stderr)
            return 1
        return left.code or 0
    finally:
        sys.argv = before
    return 0


def _models() -> str:
    from mmp3d.apis.model_index import indexed_models

    rows = []
    for model in indexed_models():
        weights = model.weights or 'no weights published'
        if model.weights and not weights.startswith('http') and not os.path.isfile(weights):
            weights = f'weights missing: {weights}'
        rows.append(f'{" = ".join((model.name, *model.aliases))}\n    {model.config}\n    {weights}')
    return '\n'.join(rows)


def _environment() -> str:
    import torch

    lines = [f'mmp3d {__version__}', f'python {sys.version.split()[0]}']
    for name in PACKAGES:
        try:
            lines.append(f'{name} {version(name)}')
        except PackageNotFoundError:
            lines.append(f'{name} not installed')
    extension = find_spec('mmcv._ext')
    ours = extension is None or Path(extension.origin).name == 'mmcv_ext.py'
    lines.append(f'operators: {"torchvision, through mmp3d.compat" if ours else "compiled mmcv"}')
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    lines.append(f'GPU: {", ".join(gpus) or "none"}')
    return '\n'.join(lines)


OWN = {'models': _models, 'env': _environment}
