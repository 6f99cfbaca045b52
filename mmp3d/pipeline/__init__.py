"""The stages between frames and people in camera space, one file each; no layers and no file formats."""

from mmp3d.pipeline.lifting import LiftedTrack, lift_tracks
from mmp3d.pipeline.track import Track

__all__ = ['LiftedTrack', 'Track', 'lift_tracks']
