"""People of a clip as files for other programs."""

from mmp3d.export.formats import FORMATS, read_clip, write_clip
from mmp3d.export.people_clip import PeopleClip, clip_from_images

__all__ = ['FORMATS', 'PeopleClip', 'clip_from_images', 'read_clip', 'write_clip']
