"""Import finder that serves `mmcv._ext` from torchvision's kernels where mmcv was installed without compiled ops.

mmcv-lite installs anywhere with pip but has no `mmcv._ext`, which mmdet and mmpose.models import unconditionally.
Building full mmcv takes half an hour. The finder stands last in `sys.meta_path`, so a compiled `mmcv._ext` always wins.
Remove when mmpose and mmdet import without compiled ops, or when mmcv ships wheels for current torch.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

EXTENSION = 'mmcv._ext'


class MmcvExtFinder(MetaPathFinder):
    """Finds `mmcv._ext` in `mmcv_ext.py` of this folder, and nothing else."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Spec of the substitute, None for every other module; imports nothing."""
        if fullname != EXTENSION:
            return None
        return spec_from_file_location(EXTENSION, Path(__file__).with_name('mmcv_ext.py'))


def prepare_host() -> None:
    """Append the finder to `sys.meta_path`, once; costs microseconds and imports no host package."""
    if not any(isinstance(finder, MmcvExtFinder) for finder in sys.meta_path):
        sys.meta_path.append(MmcvExtFinder())
