"""A video file of pictures that come one by one.

Shapes: H W pixels of a picture, RGB.
"""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from mmp3d.apis.encoder_rate import encoder_rate
from mmp3d.datasets.opencv_path import opencv_path
from mmp3d.pipeline.background import DoneBehind
from mmp3d.side_names import side_name
from mmp3d.stage_profile import stage


class VideoPictures:
    """A video file, MPEG-4, encoded by another thread; its name until it is closed: :func:`partial_name`.

    Args:
        path: The file.
        fps: Frames a second, to be rounded as :func:`~mmp3d.apis.encoder_rate.encoder_rate` does.

    Raises:
        ValueError: No video can have this rate.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self.path = path
        self.fps = encoder_rate(fps)
        self._partial = partial_name(path)
        self._shape = (0, 0)
        self._writer: cv2.VideoWriter | None = None
        self._encoding = DoneBehind()

    def add(self, picture: np.ndarray) -> None:
        """Append (H, W, 3) uint8 RGB; one of another size than the first is scaled to fit into it, on black."""
        if self._writer is None:
            self._writer = self._opened(picture)
        with stage('encoding', 1):
            if picture.shape[:2] != self._shape:
                picture = _fitted(picture, self._shape)
            height, width = _even(self._shape)
            # A copy in any case: the picture is the caller's, who may draw on it.
            mirrored = cv2.cvtColor(picture[:height, :width], cv2.COLOR_RGB2BGR)
        self._encoding.do(self._encode, mirrored)

    def close(self) -> None:
        """Finish the file and give it its name."""
        try:
            self._encoding.finish()
        finally:
            if self._writer is not None:
                self._writer.release()
        if self._writer is not None:
            os.replace(self._partial, self.path)

    def discard(self) -> None:
        """Remove what there is of the file."""
        self._encoding.drop()
        if self._writer is not None:
            self._writer.release()
            self._partial.unlink(missing_ok=True)

    def _opened(self, first: np.ndarray) -> cv2.VideoWriter:
        self._shape = first.shape[:2]
        height, width = _even(self._shape)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        codec = cv2.VideoWriter_fourcc(*'mp4v')
        writer = cv2.VideoWriter(opencv_path(self._partial), codec, self.fps, (width, height))
        if not writer.isOpened():
            raise ValueError(
                f'cannot write a video to {self.path} ({width} x {height} px, {self.fps:g} frames a second); give a '
                'folder or a name that ends in .mp4'
            )
        return writer

    def _encode(self, picture: np.ndarray) -> None:
        with stage('encoding'):
            self._writer.write(picture)


def partial_name(path: Path) -> Path:
    """What a video is named until it is whole."""
    return path.with_name(f'{side_name(path.stem)}.partial{path.suffix}')


def _even(shape: tuple[int, int]) -> tuple[int, int]:
    # The codec halves the colours' resolution.
    return shape[0] // 2 * 2, shape[1] // 2 * 2


def _fitted(picture: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The picture, (H, W, 3), in the middle of a black one of ``shape`` (height, width), as large as it can be."""
    scale = min(there / own for there, own in zip(shape, picture.shape, strict=False))
    height, width = (min(max(round(own * scale), 1), there) for own, there in zip(picture.shape, shape, strict=False))
    top, left = (shape[0] - height) // 2, (shape[1] - width) // 2
    fitted = np.zeros((*shape, 3), np.uint8)
    scaled = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    fitted[top : top + height, left : left + width] = scaled
    return fitted
