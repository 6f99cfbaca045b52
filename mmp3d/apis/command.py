"""The ``mmp3d`` command: the tools of the checkout, or of the installed wheel, under one name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from mmengine.infer import BaseInferencer

from mmp3d.compat import check_versions
from mmp3d.compat.versions import HostVersionError
from mmp3d.engine.launch import print_any_name, run_command
from mmp3d.version import __version__

USAGE = """usage: mmp3d COMMAND [options]      (mmp3d COMMAND --help explains a command)

People in 3D from one ordinary video: where every joint is before the camera, in millimetres.

  infer     find the people of a video, folder or image in 3D   mmp3d infer clip.mp4 --fov 60 --out outputs
            lift 2D poses that another program found            mmp3d infer clip.mp4 --lift --pose2d poses.json --fov 60
  convert   turn a file of 3D people into another               mmp3d convert outputs/clip.json clip.bvh
  models    list the models that have a name, with figures      mmp3d models
  env       what is installed, which operators run, which GPU   mmp3d env
  demo      see everything work on synthetic data (a checkout)  mmp3d demo --quick
  data      check, show or convert a data set                   mmp3d data check mupots --root data/MuPoTS
  evaluate  compute metrics from a prediction file              mmp3d evaluate CONFIG predictions.json --eval PCK

  --version prints the version.

Exit status: 0 done; 1 a mistake that the message explains; 2 an unknown command or option; 3 (infer) written,
but not all that was asked for; 130 interrupted.
`mmp3d data check` also ends with 3: something is missing or wrong."""
TOOLS = ('infer', 'convert', 'demo', 'data', 'evaluate')
PACKAGES = ('torch', 'torchvision', 'mmengine', 'mmcv', 'mmdet', 'mmpose', 'numpy', 'opencv-python')
EXTRAS = {'rerun-sdk': '.rrd files', 'onnx': 'writes ONNX graphs', 'onnxruntime': 'runs ONNX graphs'}
ABSENT = 'not installed'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    print_any_name()
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
    print(f'error: {_mistake(name)}\n\n{USAGE}', file=sys.stderr)
    return 2


def _mistake(name: str) -> str:
    if name in OWN:
        return f'{name} takes no options'
    alike = get_close_matches(name, [*TOOLS, *OWN], 1)
    return f'unknown command {name!r}' + (f'; did you mean {alike[0]!r}?' if alike else '')


def _run_tool(name: str, arguments: list[str]) -> int:
    """Run ``tools/<name>.py`` as a user would; its exit status, its error message printed."""
    before = sys.argv
    sys.argv = [f'mmp3d {name}', *arguments]
    try:
        run_command(_loaded_tool(name).main)
    except SystemExit as left:
        if isinstance(left.code, str):
            print(left.code, file=sys.stderr)
            return 1
        return left.code or 0
    finally:
        sys.argv = before
    return 0


def _loaded_tool(name: str) -> ModuleType:
    """The tool as a module, whose help names the command instead of the file."""
    tool = Path(BaseInferencer._get_repo_or_mim_dir('mmp3d')) / 'tools' / f'{name}.py'
    spec = spec_from_file_location(f'mmp3d_tool_{name}', tool)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses and pickle look for their module
    spec.loader.exec_module(module)
    module.__doc__ = module.__doc__.replace(f'python tools/{name}.py', f'mmp3d {name}')
    return module


def _models() -> str:
    from mmp3d.apis.model_table import console_table

    return console_table()


def _environment() -> str:
    import torch

    facts = {'mmp3d': __version__, 'python': sys.version.split()[0], **{name: _found(name) for name in PACKAGES}}
    facts['mmcv'] = _found('mmcv') if _found('mmcv') != ABSENT else f'mmcv-lite {_found("mmcv-lite")}'
    facts |= {name: f'{_found(name)} (optional: {purpose})' for name, purpose in EXTRAS.items()}
    extension = find_spec('mmcv._ext')
    ours = extension is None or Path(extension.origin).name == 'mmcv_ext.py'
    facts['operators'] = "torchvision's, through mmp3d.compat" if ours else 'compiled mmcv'
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    facts['GPU'] = ', '.join(gpus) or 'none: networks run on the processor'
    try:
        check_versions()
        facts['versions'] = 'all fit'
    except HostVersionError as error:
        facts['versions'] = f'do not fit\n{error}'
    return '\n'.join(f'{name:<{max(map(len, facts))}}  {fact}' for name, fact in facts.items())


def _found(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ABSENT


OWN = {'models': _models, 'env': _environment}
