"""Heads of the two branches."""

from mmp3d.models.heads.bottom_up_depth_head import BottomUpDepthHead
from mmp3d.models.heads.multi_person_top_down_head import MultiPersonTopDownHead

__all__ = ['BottomUpDepthHead', 'MultiPersonTopDownHead']
