"""The version of mmp3d, read by the package and by the build."""

__version__ = '0.1.0'
