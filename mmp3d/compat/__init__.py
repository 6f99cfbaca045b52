"""What mmp3d needs from torch, mmengine, mmcv, mmdet and mmpose and they do not give; light to import."""

from mmp3d.compat.mmcv_finder import prepare_host
from mmp3d.compat.versions import check_versions

__all__ = ['check_versions', 'prepare_host']
