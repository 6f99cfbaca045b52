"""mmp3d: monocular 3D multi-person pose for OpenMMLab."""

from mmp3d.version import __version__

__all__ = ['__version__']
