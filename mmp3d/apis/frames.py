"""Images and videos as one stream of frames, whatever the user hands over.

Shapes: H W pixels of a frame. Images BGR, as OpenCV and mmpose have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import numpy as np

from mmp3d.apis.sources import Frame, ImageArray, ImageFile, ImageStream, Source
from mmp3d.apis.video_file import VideoFile
from mmp3d.apis.webcam import Webcam
from mmp3d.datasets.report import warn
from mmp3d.natural_order import natural_key
from mmp3d.pipeline.background import made_ahead
from mmp3d.stage_profile import each_in_stage

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp', '.ppm', '.pgm')
VIDEO_SUFFIXES = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg', '.wmv')

# Frames that wait at most, and their bytes: a chunk of the stages, but fewer of a 4K video.
MOST_AHEAD, BYTES_AHEAD = 32, 2**28

Found = TypeVar('Found')
InputType = str | Path | np.ndarray | Source
InputsType = InputType | Sequence[InputType] | Iterator[np.ndarray]


def open_sources(inputs: InputsType, has_window: bool = False) -> list[Source]:
    """The sources of an inferencer's inputs.

    Args:
        inputs: Image file, video file, folder of images, ``'webcam'``, (H, W, 3) uint8 BGR array, a list of these, or
            a generator of such arrays: the frames of one video.
        has_window: For a camera: a window is shown.

    Raises:
        FileNotFoundError: A file or folder does not exist.
        ValueError: A folder without images, an empty list, a file of another kind, or an array that is not an image.
    """
    if isinstance(inputs, Iterator):
        return [ImageStream(inputs)]
    many = isinstance(inputs, (list, tuple))
    sources = [
        source for index, each in enumerate(inputs if many else [inputs]) for source in _opened(each, index, has_window)
    ]
    if not sources:
        raise ValueError('the list of inputs is empty; give at least one image or video')
    return sources


def clips_of(sources: Sequence[Source]) -> list[list[Source]]:
    """The sources in order, those of one folder together: the frames of one clip each."""
    return [list(clip) for _, clip in groupby(sources, key=lambda source: id(source.clip))]


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


def frames_ahead(sources: Sequence[Source], frames: Iterator[Frame] | None = None) -> Iterator[Frame]:
    """:func:`read_frames`, in a thread of its own where all sources are files or arrays.

    So the next frames are decoded while the caller works on one. Generators and cameras are read when a frame is asked
    for, by the caller's thread.

    Args:
        sources: See :func:`read_frames`.
        frames: The rest of a reading that has begun.
    """
    frames = each_in_stage('reading frames', read_frames(sources) if frames is None else frames)
    return made_ahead(frames, _most_ahead) if all(source.is_lasting for source in sources) else frames


def beside_drawing(found: Iterator[Found], sources: Sequence[Source]) -> Iterator[Found]:
    """What networks find in the frames of ``sources``, looked for by another thread one batch ahead of the caller.

    So they work while the caller draws. Where the frames are made or filmed as they are asked for, as in
    :func:`frames_ahead`, so are the results.
    """
    return made_ahead(found) if all(source.is_lasting for source in sources) else found


def _most_ahead(frame: Frame) -> int:
    return MOST_AHEAD if frame.image is None else min(MOST_AHEAD, BYTES_AHEAD // max(frame.image.nbytes, 1))


def _opened(item: InputType, index: int, has_window: bool) -> list[Source]:
    if isinstance(item, Source):
        return [item]
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
    # macOS leaves ._x.jpg beside x.jpg on disks of other systems: no image.
    files = [f for f in folder.iterdir() if f.suffix.lower() in IMAGE_SUFFIXES and not f.name.startswith('._')]
    files.sort(key=lambda file: (natural_key(file.name), file.name))
    if not files:
        raise ValueError(f'{folder}: no images in this folder (their names end in {" ".join(IMAGE_SUFFIXES)})')
    sources = [ImageFile(str(file)) for file in files]
    for source in sources:
        source.clip = folder
    return sources
