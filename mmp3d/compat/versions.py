"""Version gate: one error that lists every host package found and expected, and the commands that repair it."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib import metadata
from typing import NamedTuple

FROM_SOURCE = '--no-deps --no-build-isolation --force-reinstall --no-binary xtcocotools '


class HostPackage(NamedTuple):
    """A distribution that mmp3d runs on: acceptable names (the first to install), versions, why, pip options."""

    names: tuple[str, ...]
    versions: str
    reason: str
    pip_options: str = ''


PYTHON_VERSIONS = '>=3.10,<3.13'
HOST_PACKAGES = (
    HostPackage(('torch',), '>=2.0,<3', 'tested with 2.14'),
    HostPackage(('torchvision',), '>=0.15,<1', 'its kernels stand in for mmcv ops'),
    HostPackage(('numpy',), '>=1.23,<2.4', 'mmpose 1.3 cannot draw joints with numpy 2.4'),
    HostPackage(('setuptools',), '<82', 'mmengine 0.10 imports pkg_resources, which setuptools 82 dropped'),
    HostPackage(('mmengine', 'onedl-mmengine'), '>=0.10,<0.11', 'tested with 0.10.7, onedl-mmengine 0.10.12'),
    HostPackage(('mmcv-lite', 'mmcv'), '>=2.0.0,<2.2', 'mmdet 3.3 accepts nothing else'),
    HostPackage(
        ('mmdet', 'onedl-mmdetection'), '>=3.2,<3.6', 'tested with 3.3.0, onedl-mmdetection 3.5.1', '--no-deps '
    ),
    HostPackage(('mmpose',), '>=1.3,<1.4', '--no-deps skips chumpy, which it never imports', '--no-deps '),
    HostPackage(('xtcocotools',), '>=1.14', 'its binary part must be built for the installed numpy', FROM_SOURCE),
)


class HostVersionError(ImportError):
    """The installed host packages cannot run mmp3d."""


def check_versions(
    installed: Callable[[str], str | None] | None = None, xtcocotools_loads: Callable[[], bool] | None = None
) -> None:
    """Compare the environment with `HOST_PACKAGES`; imports none of them but xtcocotools' binary part.

    Args:
        installed: gives the version of a distribution, 'python' included, or None; `installed_version` by default.
        xtcocotools_loads: whether that package's binary part fits the numpy; tried out by default.

    Raises:
        HostVersionError: names everything found and expected and the repairing commands, where anything does not fit.
    """
    installed = installed or installed_version
    xtcocotools_loads = xtcocotools_loads or _xtcocotools_loads
    rows, faulty = [], []
    for package in (HostPackage(('python',), PYTHON_VERSIONS, 'choose another interpreter'), *HOST_PACKAGES):
        name, found = _first_installed(package, installed)
        fits = found is not None and _fits(found, package.versions) and (name != 'xtcocotools' or xtcocotools_loads())
        rows.append((name, found or 'missing', package.versions, 'ok' if fits else f'<- {package.reason}'))
        if not fits:
            faulty.append(package._replace(names=(name,)))
    if faulty:
        raise HostVersionError(_message(rows, faulty))


def installed_version(name: str) -> str | None:
    """Version of an installed distribution or of 'python', None where it is missing."""
    if name == 'python':
        return platform.python_version()
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _first_installed(package: HostPackage, installed: Callable[[str], str | None]) -> tuple[str, str | None]:
    found = [(name, version) for name in package.names if (version := installed(name)) is not None]
    return found[0] if found else (package.names[0], None)


def _fits(found: str, versions: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(versions).contains(found, prereleases=True)


def _xtcocotools_loads() -> bool:
    """False where its binary was built for another numpy: the wheel, built for numpy 1, fails under numpy 2."""
    try:
        import xtcocotools._mask  # noqa: F401
    except (ImportError, ValueError):
        return False
    return True


def _message(rows: list[tuple[str, ...]], faulty: list[HostPackage]) -> str:
    table = '\n'.join('  {:<12} {:<16} {:<14} {}'.format(*row) for row in (('package', 'found', 'expected', ''), *rows))
    repair = '\n'.join(f'  {command}' for command in _repair_commands(faulty))
    return f'mmp3d cannot run with these packages:\n{table}\nRepair with:\n{repair}'


def _repair_commands(faulty: list[HostPackage]) -> list[str]:
    """One pip command per group of equal options, dependencies first; a wrong Python comes before all."""
    if faulty[0].names == ('python',):
        return [f'make a new environment with Python {PYTHON_VERSIONS} and install mmp3d there']
    wanted: dict[str, list[str]] = {}
    for package in faulty:
        wanted.setdefault(package.pip_options, []).append(f'"{package.names[0]}{package.versions}"')
    if FROM_SOURCE in wanted:
        wanted.setdefault('', []).append('cython wheel')
    return [f'python -m pip install {options}{" ".join(wanted[options])}' for options in sorted(wanted)]
