"""The wheel holds the package with its configs, tools and weights in `mmp3d/.mim`, works without the checkout, and asks
for nothing that pip would install wrongly."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import make
from mmp3d.compat.versions import PYTHON_VERSIONS

ROOT = make.ROOT
SOURCES = ('mmp3d', 'configs', 'tools', 'weights', 'requirements')
# Where a package is imported by another name than it is installed by.
DISTRIBUTIONS = {'PIL': 'pillow', 'cv2': 'opencv-python', 'mmcv': 'mmcv-lite', 'rerun': 'rerun-sdk', 'yaml': 'pyyaml'}
PIP = [sys.executable, '-m', 'pip', '--disable-pip-version-check', '-q']

# Run in a folder without the checkout: what an alias needs, by mmengine's own functions.
LOOK_UP = """
import json
from pathlib import Path
from mmengine.config import Config
from mmengine.infer import BaseInferencer
folder = Path(BaseInferencer._get_repo_or_mim_dir('mmp3d'))
configs = [str(path.relative_to(folder)) for path in sorted(folder.glob('configs/*.py'))
           if Config.fromfile(path, import_custom_modules=False).get('default_scope') == 'mmpose']
models = {model['Name']: model['Config'] for model in BaseInferencer._get_models_from_metafile(str(folder))}
print(json.dumps({'folder': str(folder), 'configs': configs, 'models': models}))
"""


@pytest.fixture(scope='module')
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built offline from a copy, so that the checkout stays as it is."""
    source, target = tmp_path_factory.mktemp('source'), tmp_path_factory.mktemp('dist')
    for name in SOURCES:
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns('__pycache__', '.mim'))
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith('.'):
            shutil.copy2(path, source)
    # A folder left by an older build must not reach the wheel.
    stale = source / 'build' / 'lib' / 'mmp3d' / '.mim' / 'configs' / 'removed.py'
    stale.parent.mkdir(parents=True)
    stale.touch()
    subprocess.run(
        [*PIP, 'wheel', '--no-index', '--no-deps', '--no-build-isolation', '-w', str(target), str(source)], check=True
    )
    return next(target.glob('*.whl'))


@pytest.fixture(scope='module')
def names(wheel: Path) -> list[str]:
    """The wheel's files."""
    return zipfile.ZipFile(wheel).namelist()


def shipped(folder: str) -> set[str]:
    """The checkout's files of a folder, as the wheel must name them."""
    paths = (path for path in (ROOT / folder).rglob('*') if path.is_file() and '__pycache__' not in path.parts)
    return {f'mmp3d/.mim/{path.relative_to(ROOT).as_posix()}' for path in paths}


def test_wheel_has_the_package_alone_at_its_top(names: list[str]) -> None:
    top = {name.split('/')[0] for name in names}
    assert {name for name in top if not name.endswith('.dist-info')} == {'mmp3d'}


def test_wheel_ships_configs_tools_weights_and_index(names: list[str]) -> None:
    inside = {name for name in names if name.startswith('mmp3d/.mim/')}
    assert inside == {'mmp3d/.mim/model-index.yml'} | shipped('configs') | shipped('tools') | shipped('weights')


def test_wheel_has_every_module(names: list[str]) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / 'mmp3d').rglob('*.py') if '.mim' not in path.parts}
    assert modules == {name for name in names if name.endswith('.py') and '.mim' not in name}


def test_metadata_asks_for_nothing_that_pip_installs_wrongly(wheel: Path, names: list[str]) -> None:
    [metadata_name] = [name for name in names if name.endswith('.dist-info/METADATA')]
    metadata = Parser().parsestr(zipfile.ZipFile(wheel).read(metadata_name).decode())
    required = {make.normal_name(Requirement(text).name) for text in metadata.get_all('Requires-Dist')}
    assert not required & {'chumpy', 'mmpose', 'mmdet', 'mmcv', 'mmcv-lite', 'xtcocotools'}
    assert {'torch', 'mmengine', 'tensorboard'} <= required
    assert SpecifierSet(metadata['Requires-Python']) == SpecifierSet(PYTHON_VERSIONS)


def test_every_package_that_the_code_imports_is_a_requirement() -> None:
    lines = '\n'.join(map(make.requirement_text, ('runtime', 'mmcv', 'mminstall', 'onnx', 'rerun'))).splitlines()
    required = {make.normal_name(Requirement(line).name) for line in lines if not line.startswith('--')}
    imported = set().union(*(_imports(path) for path in (ROOT / 'mmp3d').rglob('*.py') if '.mim' not in path.parts))
    named = {make.normal_name(DISTRIBUTIONS.get(name, name)) for name in imported - sys.stdlib_module_names}
    assert named - required == {'mmp3d'}


def _imports(path: Path) -> set[str]:
    """Packages that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split('.')[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.split('.')[0])
    return names


def test_installed_wheel_finds_its_configs_and_aliases(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / 'site-packages'
    subprocess.run([*PIP, 'install', '--no-index', '--no-deps', '--target', str(site), str(wheel)], check=True)
    environment = {**os.environ, 'PYTHONPATH': str(site)}
    answer = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', LOOK_UP],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(answer.stdout.splitlines()[-1])
    assert Path(found['folder']) == site / 'mmp3d' / '.mim'
    assert {Path(name).name for name in found['configs']} == {path.name for path in (ROOT / 'configs').glob('*.py')}
    assert set(found['models'].values()) <= {Path(name).as_posix() for name in found['configs']}


def test_every_model_of_the_index_exists() -> None:
    for metafile in yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']:
        for model in yaml.safe_load((ROOT / metafile).read_text())['Models']:
            named = [model['Config'], *([model['Weights']] if model['Weights'] else [])]
            assert [name for name in named if not (ROOT / name).is_file()] == []


def test_make_accepts_the_pythons_of_the_version_gate() -> None:
    gate = SpecifierSet(PYTHON_VERSIONS)
    for minor in range(8, 16):
        assert (make.OLDEST <= (3, minor) <= make.NEWEST) == (f'3.{minor}.5' in gate)
