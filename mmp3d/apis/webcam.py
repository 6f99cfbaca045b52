"""A camera of this machine as a source of frames."""

from __future__ import annotations

from collections.abc import Iterator

import cv2

from mmp3d.apis.sources import Frame, Source
from mmp3d.apis.video_file import read_capture

ESCAPE = 27


class Webcam(Source):
    """A camera of this machine; the escape key ends it while a window is shown.

    Args:
        name: ``'webcam'``, or ``'webcam:1'`` for camera number 1.
        has_window: A window is shown.

    Raises:
        ValueError: ``name`` is none of these, or its number has more than 31 bits.
    """

    is_video = True
    is_lasting = False

    def __init__(self, name: str, has_window: bool = False) -> None:
        super().__init__('webcam')
        number = name.partition(':')[2] or '0'
        # OpenCV takes 32 bits.
        if not number.isdecimal() or len(number) > 10 or int(number) >= 2**31:
            raise ValueError(f"a camera is named 'webcam' or 'webcam:number', up to {2**31 - 1}, got {name!r:.60}")
        self.number = int(number)
        self.has_window = has_window

    def __len__(self) -> int:
        return 0

    def frames(self, start: int = 0) -> Iterator[Frame]:
        capture = cv2.VideoCapture(self.number)
        if not capture.isOpened():
            raise ValueError(f'cannot open camera {self.number}; check that it is connected and not in use')
        for index, image in enumerate(read_capture(capture), start=start):
            yield Frame(image, self, index)
            if self.has_window and cv2.waitKey(1) & 0xFF == ESCAPE:
                return
