"""Read the image of an item, and say what an unreadable one means for the run."""

from __future__ import annotations

import numpy as np
from mmpose.datasets.transforms import LoadImage
from mmpose.registry import TRANSFORMS

from mmp3d.datasets.image_file import largest_reduction, read_image
from mmp3d.datasets.report import warn_once


@TRANSFORMS.register_module()
class LoadMultiPersonImage(LoadImage):
    """Load ``img_path`` as BGR; a missing, damaged or truncated file does not end the run.

    In training such an item is dropped (None) and the data set serves another one. At test (``test_mode`` in the
    item) it becomes a black image of the annotated size with ``img_unreadable=True``, so that the frame stays in the
    count with nobody found. One warning per file names it. An image whose size is not the annotated one is treated
    likewise, since its annotations cannot be placed. An item with ``img`` is passed on as it is.

    Required keys: ``img_path`` or ``img``; ``img_shape`` (h, w) where the size is annotated; ``test_mode`` (default
    False). Adds: ``img`` (h, w, 3) uint8, ``img_shape``, ``ori_shape``, ``img_unreadable`` and ``img_reduction``.

    Args:
        least_side: Shrink a JPEG by 2, 4 or 8 while it is decoded, as long as its shorter side keeps this many pixels.
            ``img_reduction`` is the factor; ``img_shape``, ``ori_shape``, labels and camera stay those of the whole
            image. For :class:`RandomBottomUpWarp` alone, which sees to it; its longest input side times its largest
            scale loses nothing. None (default): never.
        **kwargs: Those of mmpose's ``LoadImage``.
    """

    def __init__(self, least_side: int | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        if least_side is not None and least_side < 1:
            raise ValueError(f'least_side must be None or a positive number of pixels, got {least_side!r}')
        self.least_side = least_side

    def transform(self, results: dict) -> dict | None:
        """Load the image; None where a training item cannot be used."""
        results['img_unreadable'] = False
        results['img_reduction'] = 1
        if 'img' in results:
            return super().transform(results)
        expected = results.get('img_shape')
        try:
            image = read_image(results['img_path'], expected, self.least_side)
        except ValueError as error:
            return self._replaced(results, error, expected)
        results = super().transform(dict(results, img=image))
        if expected is not None and image.shape[:2] != tuple(expected):
            results.update(
                img_shape=tuple(expected),
                ori_shape=tuple(expected),
                img_reduction=largest_reduction(expected, self.least_side),
            )
        return results

    def _replaced(self, results: dict, error: ValueError, expected: tuple | None) -> dict | None:
        test_mode = results.get('test_mode', False)
        done = 'counted as a frame in which nobody is found' if test_mode else 'another image is used in its place'
        warn_once(f'{error}; {done}')
        if not test_mode:
            return None
        if expected is None:
            raise error
        blank = np.zeros((*expected, 3), np.uint8)
        return super().transform(dict(results, img=blank, img_unreadable=True))
