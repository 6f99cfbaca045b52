"""The version gate: one message with everything found, expected and the repair."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from mmp3d.compat.versions import HOST_PACKAGES, HostVersionError, check_versions, installed_version

GOOD = {
    'python': '3.11.4',
    'torch': '2.14.1+cu130',
    'torchvision': '0.29.1',
    'numpy': '2.3.5',
    'setuptools': '81.0.0',
    'mmengine': '0.10.7',
    'mmcv-lite': '2.1.0',
    'mmdet': '3.3.0',
    'mmpose': '1.3.2',
    'xtcocotools': '1.14.3',
}


def message_for(**changes: str | None) -> str:
    packages = {**GOOD, **{name.replace('_', '-'): version for name, version in changes.items()}}
    with pytest.raises(HostVersionError) as error:
        check_versions(packages.get, lambda: True)
    return str(error.value)


def test_this_environment_passes() -> None:
    check_versions()


def test_good_set_passes() -> None:
    check_versions(GOOD.get, lambda: True)


def test_full_mmcv_passes() -> None:
    check_versions({**GOOD, 'mmcv-lite': None, 'mmcv': '2.1.0'}.get, lambda: True)


def test_message_names_every_package_and_repairs_only_the_faulty() -> None:
    message = message_for(numpy='2.4.1', setuptools='82.0.1')
    for version in [*GOOD.values(), '2.4.1', '82.0.1']:
        assert version in message or version in ('2.3.5', '81.0.0')
    for package in HOST_PACKAGES:
        assert package.versions in message
    assert message.splitlines()[-1].strip() == 'python -m pip install "numpy>=1.23,<2.4" "setuptools<82"'


def test_missing_mmpose_is_installed_without_its_declared_dependencies() -> None:
    message = message_for(mmpose=None)
    assert 'missing' in message
    assert message.splitlines()[-1].strip() == 'python -m pip install --no-deps "mmpose>=1.3,<1.4"'


def test_full_mmcv_of_a_wrong_version_is_named_as_such() -> None:
    message = message_for(mmcv_lite=None, mmcv='2.2.0')
    assert 'mmcv         2.2.0' in message
    assert '"mmcv>=2.0.0,<2.2"' in message


def test_wrong_python_asks_for_a_new_environment() -> None:
    assert 'new environment with Python >=3.10,<3.13' in message_for(python='3.9.18', numpy='2.4')


def test_xtcocotools_built_for_another_numpy_is_rebuilt() -> None:
    with pytest.raises(HostVersionError, match='--no-binary xtcocotools "xtcocotools>=1.14"'):
        check_versions(GOOD.get, lambda: False)


REQUIREMENTS = sorted((Path(__file__).resolve().parents[2] / 'requirements').glob('*.txt'))


@pytest.mark.parametrize('file', REQUIREMENTS, ids=lambda file: file.stem)
def test_requirement_files_agree_with_the_gate(file: Path) -> None:
    lines = (line.split('#')[0].strip() for line in file.read_text().splitlines())
    ranges = {name: SpecifierSet(package.versions) for package in HOST_PACKAGES for name in package.names}
    for wanted in (Requirement(line) for line in lines if line and not line.startswith('-')):
        if wanted.name not in ranges:
            continue
        pinned = [pin.version for pin in wanted.specifier if pin.operator == '==']
        assert all(version in ranges[wanted.name] for version in pinned)
        assert pinned or set(ranges[wanted.name]) <= set(wanted.specifier) or file.stem == 'build'


def test_installed_version_of_an_unknown_package() -> None:
    assert installed_version('no-such-distribution') is None
