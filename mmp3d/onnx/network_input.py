"""An image as a network takes it: fitted, padded, normalised.

Shapes: H W pixels of the image, h w of the input.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from mmp3d.geometry.image_shape import check_image_shape

RESIZE_MODES = ('expand', 'fit')


class FittedImage(NamedTuple):
    """``planes`` (3, h, w) float32, and the ``scale`` (2,) and ``offset`` (2,) that bring input px to image px."""

    planes: np.ndarray
    scale: np.ndarray
    offset: np.ndarray


@dataclass(frozen=True)
class NetworkInput:
    """How an image becomes a network's input: mmpose's ``BottomupResize`` and ``PoseDataPreprocessor``.

    Args:
        input_size: (w, h) px that the image is to cover (``'expand'``) or to lie within (``'fit'``).
        size_factor: The sides of the input are multiples of this.
        resize_mode: One of ``RESIZE_MODES``.
        pad_value: (3,) colour beside the image, in the order of its channels.
        mean: (3,) taken from the channels.
        std: (3,) divides them.
        bgr_to_rgb: Turn the channels round before.
    """

    input_size: tuple[int, int]
    size_factor: int
    resize_mode: str
    pad_value: tuple[float, float, float]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    bgr_to_rgb: bool = True

    def __post_init__(self) -> None:
        if self.resize_mode not in RESIZE_MODES:
            raise ValueError(f'resize_mode must be one of {RESIZE_MODES}, got {self.resize_mode!r}')

    def __call__(self, image: np.ndarray) -> FittedImage:
        """The input for an (H, W, 3) uint8 BGR image. Raises ValueError for one that is too long and thin."""
        check_image_shape(image.shape[1::-1], 'the image')
        image_size = np.array(image.shape[1::-1], np.float64)
        fitted, padded = self._sizes(image_size)
        # One factor for both axes, so that the picture keeps its shape; middle on middle.
        scale = (image_size * padded / fitted).astype(np.float32)
        factor = padded[0] / scale[0]
        shift = padded / 2 - factor * image_size / 2
        matrix = np.array([[factor, 0, shift[0]], [0, factor, shift[1]]])
        pixels = cv2.warpAffine(
            image, matrix, tuple(map(int, padded)), flags=cv2.INTER_LINEAR, borderValue=self.pad_value
        )
        scale = scale.astype(np.float64)
        return FittedImage(self._planes(pixels), scale / padded, image_size / 2 - scale / 2)

    def _sizes(self, image_size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(w, h) that the image gets, and of the input with its padding."""
        wanted, ratio = np.array(self.input_size, np.float64), image_size[0] / image_size[1]
        wanted = np.ceil(wanted / self.size_factor) * self.size_factor
        choose = max if self.resize_mode == 'expand' else min
        fitted = np.array([choose(wanted[0], wanted[1] * ratio), choose(wanted[1], wanted[0] / ratio)])
        if self.resize_mode == 'fit':
            return fitted, wanted
        return fitted, np.ceil(fitted / self.size_factor) * self.size_factor

    def _planes(self, pixels: np.ndarray) -> np.ndarray:
        channels = pixels[..., ::-1] if self.bgr_to_rgb else pixels
        planes = np.ascontiguousarray(channels.transpose(2, 0, 1), np.float32)
        mean, std = (np.array(each, np.float32)[:, None, None] for each in (self.mean, self.std))
        return (planes - mean) / std
