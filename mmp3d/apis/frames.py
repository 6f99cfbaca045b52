"""Images and videos as one stream of frames, whatever the user hands over.

Shapes: H W pixels of a frame. Images BGR, as OpenCV and mmpose have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmp3d.datasets.image_file import read_image
from mmp3d.datasets.report import warn

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp', '.ppm', '.pgm')
VIDEO_SUFFIXES = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg', '.wmv')
FALLBACK_FPS = 25.0
ESCAPE = 27

InputsType = str | Path | np.ndarray | Sequence[str | Path | np.ndarray]


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
        return f'{self.source.path}, frame {self.index}' if self.source.is_video else self.source.path


class Source:
    """One image or video.

    Args:
        path: File, or what stands for it.
    """

    is_video = False
    fps = FALLBACK_FPS

    def __init__(self, path: str) -> None:
        self.path = path

    @property
    def file(self) -> str | None:
        """The image file, where it is one."""
        return None

    @property
    def name(self) -> str:
        """Name for output files, without a suffix."""
        return Path(self.path).stem

    def __len__(self) -> int:
        """Number of frames as far as it is known."""
        return 1

    def frames(self) -> Iterator[Frame]:
        """Read the frames one by one; raises ValueError, naming the file, where nothing can be read."""
        raise NotImplementedError


class ImageFile(Source):
    """An image file."""

    @property
    def file(self) -> str:
        return self.path

    def frames(self) -> Iterator[Frame]:
        yield Frame(read_image(self.path), self)


class ImageArray(Source):
    """An image in memory, (H, W, 3) uint8 BGR."""

    def __init__(self, image: np.ndarray, path: str) -> None:
        super().__init__(path)
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            raise ValueError(
                f'{path}: an image array must be (height, width, 3) uint8 BGR, got {image.shape} {image.dtype}'
            )
        self.image = image

    def frames(self) -> Iterator[Frame]:
        yield Frame(self.image, self)


class VideoFile(Source):
    """A video file, of which one frame at a time is in memory."""

    is_video = True

    def __init__(self, path: str) -> None:
        super().__init__(path)
        capture = cv2.VideoCapture(path)
        fps, self.length = capture.get(cv2.CAP_PROP_FPS), int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.fps = fps if 0 < fps < 1000 else FALLBACK_FPS
        capture.release()

    def __len__(self) -> int:
        return max(self.length, 0)

    def frames(self) -> Iterator[Frame]:
        count = 0
        for count, image in enumerate(_read(cv2.VideoCapture(self.path)), start=1):
            yield Frame(image, self, count - 1)
        if not count:
            raise ValueError(f'cannot read video {self.path}: damaged, truncated, or not a format that OpenCV reads')
        if count < self.length:
            warn(
                f'video {self.path}: {count} of {self.length} frames could be read, it is damaged or truncated; going '
                'on with these'
            )


class Webcam(Source):
    """A camera of this machine; the escape key ends it while a window is shown.

    Args:
        name: ``'webcam'``, or ``'webcam:1'`` for camera number 1.
        has_window: A window is shown.
    """

    is_video = True

    def __init__(self, name: str, has_window: bool = False) -> None:
        super().__init__('webcam')
        number = name.partition(':')[2] or '0'
        if not number.isdigit():
            raise ValueError(f"a camera is named 'webcam' or 'webcam:number', got {name!r}")
        self.number = int(number)
        self.has_window = has_window

    def __len__(self) -> int:
        return 0

    def frames(self) -> Iterator[Frame]:
        capture = cv2.VideoCapture(self.number)
        if not capture.isOpened():
            raise ValueError(f'cannot open camera {self.number}; check that it is connected and not in use')
        for index, image in enumerate(_read(capture)):
            yield Frame(image, self, index)
            if self.has_window and cv2.waitKey(1) & 0xFF == ESCAPE:
                return


def open_sources(inputs: InputsType, has_window: bool = False) -> list[Source]:
    """The sources of an inferencer's inputs.

    Args:
        inputs: Image file, video file, folder of images, ``'webcam'``, (H, W, 3) uint8 BGR array, or a list of these.
        has_window: For a camera: a window is shown.

    Raises:
        FileNotFoundError: A file or folder does not exist.
        ValueError: A folder without images, an empty list, a file of another kind, or an array that is not an image.
    """
    many = isinstance(inputs, (list, tuple))
    sources = [
        source for index, each in enumerate(inputs if many else [inputs]) for source in _opened(each, index, has_window)
    ]
    if not sources:
        raise ValueError('the list of inputs is empty; give at least one image or video')
    return sources


def read_frames(sources: Sequence[Source]) -> Iterator[Frame]:
    """All frames of all sources.

    A source that cannot be read gives one frame without image and one warning, unless it is the only one.

    Raises:
        ValueError: The only source cannot be read; names it.
    """
    for source in sources:
        try:
            yield from source.frames()
        except ValueError as error:
            if len(sources) == 1:
                raise
            warn(f'{error}; going on with the next input')
            yield Frame(None, source, error=str(error))


def _opened(item: str | Path | np.ndarray, index: int, has_window: bool) -> list[Source]:
    if isinstance(item, np.ndarray):
        return [ImageArray(item, f'{index:06d}')]
    if not isinstance(item, (str, Path)):
        raise ValueError(f'inputs[{index}] must be a path or an image array, got {type(item).__name__}')
    path = Path(item)
    if str(item).lower().split(':')[0] == 'webcam' and not path.exists():
        return [Webcam(str(item), has_window)]
    if path.is_dir():
        return _in_folder(path)
    if not path.is_file():
        raise FileNotFoundError(f'no image, video or folder at {item}')
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return [VideoFile(str(item))]
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return [ImageFile(str(item))]
    known = ' '.join(IMAGE_SUFFIXES + VIDEO_SUFFIXES)
    raise ValueError(f'{item}: neither an image nor a video by its name, which must end in one of {known}')


def _in_folder(folder: Path) -> list[Source]:
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
    if not files:
        raise ValueError(f'{folder}: no images in this folder (their names end in {" ".join(IMAGE_SUFFIXES)})')
    return [ImageFile(str(file)) for file in files]


def _read(capture: cv2.VideoCapture) -> Iterator[np.ndarray]:
    try:
        while True:
            found, image = capture.read()
            if not found:
                return
            yield image
    finally:
        capture.release()
