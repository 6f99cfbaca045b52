"""The frames of one clip as the stages take them: in chunks, whose pictures are read only when a stage looks at them.

Shapes: H W pixels of a frame, M given people, K = 17 MuPoTS joints. Pixels of the full image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, islice
from typing import NamedTuple

import numpy as np

# Decoders of JPEG let other threads run.
READERS = 4


class ClipFrame(NamedTuple):
    """One frame.

    ``frame_id`` its number, for the output and for detectors; ``image`` (H, W, 3) uint8 BGR, a function that reads it,
    or None where it cannot be read; ``poses`` ((M, K, 2) px, (M, K) scores) of a 2D estimator, or None; ``stamp`` tells
    the image from others of the same number: whoever keeps stage outputs in files gives, for example, name, size and
    time of the file.
    """

    frame_id: int
    image: np.ndarray | Callable[[], np.ndarray | None] | None = None
    poses: tuple[np.ndarray, np.ndarray] | None = None
    stamp: str = ''

    def pixels(self) -> np.ndarray | None:
        """The image, read if it was not; None where it cannot be."""
        return self.image() if callable(self.image) else self.image


@dataclass(eq=False)
class Chunk:
    """Consecutive frames of a clip.

    Args:
        start: Place of the first one in the clip, from 0.
        frames: One or more.
    """

    start: int
    frames: list[ClipFrame]

    @cached_property
    def images(self) -> list[np.ndarray | None]:
        """The pictures, read at the first use and held as long as the chunk."""
        with ThreadPoolExecutor(READERS) as pool:
            return list(pool.map(ClipFrame.pixels, self.frames))

    def batches(self, size: int) -> Iterator[list[int]]:
        """Places in the chunk of the frames that can be read, at most ``size`` at a time and of one shape."""
        seen = [place for place, image in enumerate(self.images) if image is not None]
        for _, same in groupby(seen, key=lambda place: self.images[place].shape):
            places = list(same)
            yield from (places[start : start + size] for start in range(0, len(places), size))

    def facts(self) -> list:
        """What tells these frames from others, for :func:`~mmp3d.pipeline.stage_memory.digest`."""
        poses = [np.asarray(part, np.float32) for frame in self.frames for part in frame.poses or ()]
        names = [[frame.frame_id, frame.stamp, frame.poses is None] for frame in self.frames]
        return [self.start, names, *poses]


def chunks_of(frames: Iterable[ClipFrame], size: int) -> Iterator[Chunk]:
    """The frames, ``size`` at a time.

    Raises:
        ValueError: Frame numbers do not rise; names the two.
    """
    rest, start, last = iter(frames), 0, None
    while found := list(islice(rest, size)):
        for frame in found:
            if last is not None and frame.frame_id <= last:
                raise ValueError(
                    f'frame {frame.frame_id} comes after frame {last}; sort the frames by number, each once'
                )
            last = frame.frame_id
        handed_over = [Chunk(start, found)]
        start += len(found)
        # The pictures are the caller's alone: they go before those of the next chunk come.
        del found, frame
        yield handed_over.pop()
