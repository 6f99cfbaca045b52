"""A video file as a source of frames, and what is said of a damaged or an unusual one.

Turned videos are read upright, as their metadata ask for; grey ones and those with an alpha channel come as BGR.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import cv2
import numpy as np

from mmp3d.apis.sources import FALLBACK_FPS, Frame, Source
from mmp3d.datasets.opencv_path import opencv_path
from mmp3d.datasets.raw_file import check_data_file, first_bytes
from mmp3d.datasets.report import warn

# FFmpeg's own words, several lines for a damaged file; ours say what matters in one. Read when OpenCV first opens a
# video.
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
# Texts that FFmpeg plays by opening whatever files and addresses they name.
PLAYLISTS = (b'#EXTM3U', b'ffconcat', b'<?xml', b'<MPD', b'v=0')
# Containers without an index tell a duration, from which the number of frames is off by one at times.
TOLERATED_SHORTAGE = 1
# A frame may be this many frames from where a constant rate puts it.
TOLERATED_DRIFT = 2.0


class VideoFile(Source):
    """A video file, of which one frame at a time is in memory.

    Raises:
        ValueError: It is a playlist, which names other files.
    """

    is_video = True
    is_file = True

    def __init__(self, path: str) -> None:
        super().__init__(path)
        _refuse_playlist(path)
        capture = cv2.VideoCapture(opencv_path(path))
        fps, self.length = capture.get(cv2.CAP_PROP_FPS), int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.turned = int(capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 360
        self.fps = fps if 0 < fps < 1000 else FALLBACK_FPS
        capture.release()

    @property
    def label(self) -> str:
        return f'{self.path} (turned by {self.turned} degrees, as its metadata ask)' if self.turned else self.path

    def __len__(self) -> int:
        return max(self.length, 0)

    def frames(self, start: int = 0) -> Iterator[Frame]:
        capture = cv2.VideoCapture(opencv_path(self.path))
        if not capture.isOpened():
            raise ValueError(f'cannot read video {self.path}: {self._why_closed()}')
        count, clock, failure = start, Clock(self.fps), ''
        try:
            # Decoded one after another, too, where they are not wanted: seeking misses frames in many formats.
            skipped = all(capture.grab() for _ in range(start))
            for count, image in enumerate(read_capture(capture) if skipped else (), start=start + 1):
                clock.add(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
                yield Frame(image, self, count - 1)
        except cv2.error as error:
            # A decoder's own check of a damaged file; the frames before it are good.
            failure = f'video {self.path}: the decoder failed at frame {count} ({error.err or error}); it ends there'
        if not count:
            raise ValueError(f'cannot read video {self.path}: it has no frame that can be decoded')
        for said in filter(None, (failure or self.shortage(count), clock.finding(self.path))):
            warn(said)

    def shortage(self, count: int) -> str:
        if count + TOLERATED_SHORTAGE >= self.length:
            return ''
        return f'video {self.path}: {count} of {self.length} frames could be read, it is damaged or truncated'

    def _why_closed(self) -> str:
        try:
            check_data_file(self.path)
        except (FileNotFoundError, ValueError) as error:
            return str(error)
        return (
            'not a video, sound alone, cut off before its index, or of a format that OpenCV lacks; if a player shows '
            f'it, convert it: ffmpeg -i {self.path} converted.mp4'
        )


def _refuse_playlist(path: str) -> None:
    if first_bytes(path).removeprefix(b'\xef\xbb\xbf').lstrip().startswith(PLAYLISTS):
        raise ValueError(f'cannot read video {path}: it is a playlist, which names other files; give those')


class Clock:
    """Compares the times of frames with a constant rate.

    Args:
        fps: The rate.
    """

    def __init__(self, fps: float) -> None:
        self.fps = fps
        self._first: float | None = None
        self._last = -np.inf
        self._count = 0
        self._drift = 0.0
        self._steps = [np.inf, 0.0]

    def add(self, seconds: float) -> None:
        """The time of the next frame; where times do not grow the file has none, and nothing is compared."""
        if self._first is None:
            self._first = seconds
        elif seconds > self._last:
            step = seconds - self._last
            self._steps = [min(self._steps[0], step), max(self._steps[1], step)]
            self._drift = max(self._drift, abs(seconds - self._first - self._count / self.fps))
        self._count += 1
        self._last = seconds

    def finding(self, path: str) -> str:
        """What is to be said of a video with a variable rate; '' of another one."""
        if self._drift * self.fps <= TOLERATED_DRIFT:
            return ''
        shortest, longest = (1000 * step for step in self._steps)
        return (
            f'video {path}: its frames come {shortest:.0f} to {longest:.0f} ms apart, and up to {self._drift:.2f} s '
            f'from where the {self.fps:.2f} frames a second of the results put them; for exact times convert it: '
            f'ffmpeg -i {path} -vf fps={self.fps:.0f} constant.mp4'
        )


def read_capture(capture: cv2.VideoCapture) -> Iterator[np.ndarray]:
    """The images until none comes, (H, W, 3) uint8 BGR; the capture is released at the end."""
    try:
        while (read := capture.read())[0]:
            yield read[1]
    finally:
        capture.release()
