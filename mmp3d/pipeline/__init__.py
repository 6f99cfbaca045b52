"""The stages between frames and people in camera space, one file each; no layers and no file formats."""

from mmp3d.pipeline.lifting import LiftedTrack, lift_tracks
from mmp3d.pipeline.person_merging import merge_people
from mmp3d.pipeline.top_down_2d import find_people
from mmp3d.pipeline.track import Track

__all__ = ['LiftedTrack', 'Track', 'find_people', 'lift_tracks', 'merge_people']
