"""The frames of one clip as the stages take them, and what ended it before its last one.

Shapes: H W pixels of a frame. Pixels of the full image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mmp3d.apis.cameras import FrameCamera
from mmp3d.apis.frames import frames_ahead, read_frames
from mmp3d.apis.given_poses import PoseLookup
from mmp3d.apis.sources import Frame, Source
from mmp3d.datasets.raw_file import file_stamp
from mmp3d.engine.launch import USER_ERRORS
from mmp3d.pipeline import ClipFrame
from mmp3d.pipeline.stage_memory import digest


class ReaderOptions(NamedTuple):
    """What the keys of the stages' outputs depend on beside the frames: ``in_half`` precision; ``in_memory``: they are
    not kept, so that frames need not be told from those of other runs."""

    in_half: bool = False
    in_memory: bool = True


KEPT_IN_MEMORY = ReaderOptions()


class ClipReader:
    """Reads a clip once; iterate over it. Frames that can be read from a file are read ahead, by another thread.

    Once a frame has been given, an error does not lose it: the clip ends there, and ``ended_by`` says why.

    Args:
        sources: A video, or the images of one clip.
        cameras: Tells the camera of the first image; the others must be of its size.
        poses: The 2D poses of each frame.
        first_number: What ``poses`` is told of the first frame.
        options: See :class:`ReaderOptions`.

    Raises:
        ValueError: No image can be read, or it is of another shape than the camera's; names it.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        cameras: FrameCamera,
        poses: PoseLookup,
        first_number: int = 0,
        options: ReaderOptions = KEPT_IN_MEMORY,
    ) -> None:
        self.sources, self.poses, self.first_number = sources, poses, first_number
        self.options = options
        self.frames: list[Frame] = []
        self.ended_by: BaseException | None = None
        self.is_stopped = False
        self._stream = read_frames(sources)
        self._held = list(self._until_readable())
        first = self._held[-1]
        height, width = first.image.shape[:2]
        self.size = (width, height)
        self.camera = cameras.of_image(self.size, first.name, first.source.file)

    def __iter__(self) -> Iterator[ClipFrame]:
        """Frames numbered from 0; what is left of each is in ``frames``, without its image."""
        try:
            while self._held:
                yield self._taken(self._held.pop(0))
            with closing(frames_ahead(self.sources, self._stream)) as stream:
                for frame in stream:
                    if self.is_stopped:
                        self.ended_by = KeyboardInterrupt()
                        return
                    yield self._taken(frame)
        except USER_ERRORS as error:
            if not self.frames:
                raise
            self.ended_by = error

    def stop(self) -> None:
        """End the clip with the frame that is being read; ``is_stopped`` says so also where that was the last one."""
        self.is_stopped = True

    def _until_readable(self) -> Iterator[Frame]:
        for frame in self._stream:
            yield frame
            if frame.image is not None:
                return
        shared = self.sources[0].clip
        where = shared if isinstance(shared, Path) else self.sources[0].label
        raise ValueError(f'{where}: none of its {len(self.sources)} images can be read')

    def _taken(self, frame: Frame) -> ClipFrame:
        if frame.image is not None and frame.image.shape[1::-1] != self.size:
            width, height = frame.image.shape[1::-1]
            raise ValueError(
                f'{frame.name}: {width} x {height} px, but the clip began with {self.size[0]} x {self.size[1]}; the '
                'images of a clip are of one size'
            )
        number = len(self.frames)
        taken = ClipFrame(number, frame.image, self.poses(frame, self.first_number + number), self._stamp(frame))
        self.frames.append(replace(frame, image=None))
        return taken

    def _stamp(self, frame: Frame) -> str:
        if self.options.in_memory:
            return ''
        mark = 'half:' if self.options.in_half else ''
        if frame.source.is_file:
            return mark + file_stamp(frame.source.path)
        return mark + ('' if frame.image is None else digest(frame.image))
