"""What all writers of sequences share: times of the frames, who acts, and the video beside the frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from mmp3d.synthetic.casting import Casting
from mmp3d.synthetic.files import replacing
from mmp3d.synthetic.motion_library import load_recordings
from mmp3d.synthetic.path import TIGHT_ARCS
from mmp3d.synthetic.recipe import CLOSE, Recipe
from mmp3d.synthetic.retarget import Recording


def clip_times(recipe: Recipe, fps: float) -> np.ndarray:
    """(T,) s of the frames, 0 in the middle."""
    return (np.arange(recipe.frames) - recipe.frames / 2) / fps


def casting_of(recipe: Recipe, radius: tuple[float, float] = TIGHT_ARCS) -> Casting:
    """What people do in the recipe's scenes; ``radius`` as in :class:`casting.Casting`."""
    recordings = _recordings(recipe.motion) if recipe.motion else ()
    return Casting(recordings, recipe.interactions == CLOSE, radius)


@lru_cache(maxsize=1)
def _recordings(folder: str) -> tuple[Recording, ...]:
    return tuple(load_recordings(folder))


@contextmanager
def video_of(recipe: Recipe, path: Path, fps: float) -> Iterator[Callable[[np.ndarray], object]]:
    """A function that adds a picture to the .mp4 at ``path``, or does nothing where the recipe wants no video.

    Raises:
        ValueError: OpenCV has no encoder.
    """
    if not recipe.video:
        yield lambda picture: None
        return
    with replacing(path) as part:
        writer = cv2.VideoWriter(str(part), cv2.VideoWriter_fourcc(*'mp4v'), fps, recipe.size)
        if not writer.isOpened():
            raise ValueError(f'OpenCV cannot write {path}: it has no mp4v encoder; leave --video out')
        yield writer.write
        writer.release()
