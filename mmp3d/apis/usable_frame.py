"""Frames that a network can look at."""

from __future__ import annotations

from dataclasses import replace

from mmp3d.apis.sources import Frame
from mmp3d.datasets.report import warn_once
from mmp3d.geometry.image_shape import check_image_shape


def usable_frame(frame: Frame) -> Frame:
    """The frame; without its image, and with a warning, where that is too long and thin for a network."""
    if frame.image is None:
        return frame
    try:
        check_image_shape(frame.image.shape[1::-1], frame.source.label)
    except ValueError as error:
        warn_once(f'{error}; nobody is looked for')
        return replace(frame, image=None, error=str(error))
    return frame
