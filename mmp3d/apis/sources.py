"""What frames come from: an image, or a stream of images in memory. Videos and cameras: ``video_file``, ``webcam``.

Shapes: H W pixels of a frame. Images BGR, as OpenCV and mmpose have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmp3d.datasets.image_file import read_image

FALLBACK_FPS = 25.0


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame.

    Args:
        image: (H, W, 3) uint8 BGR; None where it could not be read.
        source: Where it comes from.
        index: Its place there, from 0.
        error: Why there is no image; else empty.
    """

    image: np.ndarray | None
    source: Source
    index: int = 0
    error: str = ''

    @property
    def name(self) -> str:
        """For messages."""
        return f'{self.source.label}, frame {self.index}' if self.source.is_video else self.source.label


class Source:
    """One image or video.

    Args:
        path: File, or what stands for it.
    """

    is_video = False
    # Can be read again.
    is_lasting = True
    # ``path`` is a file.
    is_file = False
    fps = FALLBACK_FPS

    def __init__(self, path: str) -> None:
        self.path = path
        # Sources of one folder share it: they are the frames of one clip. Others are a clip each.
        self.clip: object = self

    @property
    def file(self) -> str | None:
        """The image file, where it is one."""
        return None

    @property
    def label(self) -> str:
        """Path, for messages."""
        return self.path

    @property
    def name(self) -> str:
        """Name for output files, without a suffix."""
        return Path(self.path).stem

    def __len__(self) -> int:
        """Number of frames as far as it is known."""
        return 1

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """Read the frames one by one, from number ``start`` on.

        Raises:
            ValueError: Nothing can be read; names the file.
        """
        raise NotImplementedError

    def shortage(self, count: int) -> str:
        """What to say of a source that promised more than the ``count`` frames that could be read; '' for nothing."""
        return ''


class ImageFile(Source):
    """An image file."""

    is_file = True

    @property
    def file(self) -> str:
        return self.path

    def frames(self, start: int = 0) -> Iterator[Frame]:
        if not start:
            yield Frame(read_image(self.path), self)


class ImageArray(Source):
    """An image in memory, (H, W, 3) uint8 BGR."""

    def __init__(self, image: np.ndarray, path: str) -> None:
        super().__init__(path)
        self.image = checked_image(image, path)

    def frames(self, start: int = 0) -> Iterator[Frame]:
        if not start:
            yield Frame(self.image, self)


class ImageStream(Source):
    """Images that are made while they are read: the frames of one video, to be read once.

    Args:
        images: (H, W, 3) uint8 BGR each.
        path: What stands for them.
    """

    is_video = True
    is_lasting = False

    def __init__(self, images: Iterator[np.ndarray], path: str = 'stream') -> None:
        super().__init__(path)
        self._images = images

    def __len__(self) -> int:
        return 0

    def frames(self, start: int = 0) -> Iterator[Frame]:
        for index, image in enumerate(self._images):
            if index >= start:
                yield Frame(checked_image(image, f'{self.path}, image {index}'), self, index)


def checked_image(image: np.ndarray, where: str) -> np.ndarray:
    """The image. Raises ValueError, naming ``where``, for anything but (H, W, 3) uint8."""
    if not isinstance(image, np.ndarray):
        raise ValueError(f'{where}: expected an image array, got {type(image).__name__}')
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(
            f'{where}: an image array must be (height, width, 3) uint8 BGR, got {image.shape} {image.dtype}'
        )
    return image
