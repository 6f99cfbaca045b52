"""mmp3d: monocular 3D multi-person pose for OpenMMLab."""

from __future__ import annotations

from importlib import import_module

from mmp3d.compat import check_versions, prepare_host
from mmp3d.version import __version__

__all__ = ['__version__', 'register_all_modules']

REGISTERING_PACKAGES = ('codecs', 'models', 'datasets', 'evaluation', 'engine', 'visualization')

prepare_host()


def register_all_modules(init_default_scope: bool = True) -> None:
    """Put every class of mmpose and mmp3d into mmpose's registries; repeating it does no harm.

    Args:
        init_default_scope: also make `mmpose` the default scope, in which configs name our classes without a prefix.

    Raises:
        HostVersionError: an installed host package does not fit; names all and the commands that repair it.
    """
    check_versions()
    import_module('mmpose.utils').register_all_modules(init_default_scope)
    for package in REGISTERING_PACKAGES:
        import_module(f'mmp3d.{package}')
