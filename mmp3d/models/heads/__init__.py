"""Heads of the two branches."""

from mmp3d.models.heads.bottom_up_depth_head import BottomUpDepthHead

__all__ = ['BottomUpDepthHead']
