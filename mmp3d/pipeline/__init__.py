"""The stages between frames and people in camera space, one file each; no layers and no file formats."""

from mmp3d.pipeline.lifting import LiftedTrack, lift_tracks
from mmp3d.pipeline.matching import CameraPeople, Matches, match_people
from mmp3d.pipeline.track import Track

__all__ = ['CameraPeople', 'LiftedTrack', 'Matches', 'Track', 'lift_tracks', 'match_people']
