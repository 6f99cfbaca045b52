"""From the inferencer's results, frame by frame, to a clip; what has been found outlives what breaks it off.

Camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch

from mmp3d.apis.people import instance_arrays
from mmp3d.engine.launch import USER_ERRORS
from mmp3d.export import PeopleClip, clip_from_images

BREAKS = (KeyboardInterrupt, torch.cuda.OutOfMemoryError, *USER_ERRORS)


class FoundClip(NamedTuple):
    """The people of the frames so far, and what ended it before the last one: None where nothing did."""

    clip: PeopleClip
    broken_off: BaseException | None = None


def clip_of_results(results: Iterable[dict], fps: float, seq_name: str) -> FoundClip:
    """The clip of what an inferencer yields.

    Args:
        results: With ``return_datasamples=True``.
        fps: Frames a second.
        seq_name: Name of the clip.

    Raises:
        KeyboardInterrupt, ValueError, OSError: What broke it off, where there is no frame yet.
    """
    images, broken_off = [], None
    try:
        for image in _images(results):
            images.append(image)
    except BREAKS as error:
        if not images:
            raise
        broken_off = error
    return FoundClip(clip_from_images(images, fps, seq_name), broken_off)


def _images(results: Iterable[dict]) -> Iterator[dict]:
    """One image of ``clip_from_images`` a frame."""
    for result in results:
        (sample,) = result['predictions']
        yield dict(camera=result['camera'], instances=instance_arrays(sample.pred_instances))
