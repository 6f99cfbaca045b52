"""Random colour of an image, as YOLOX does it."""

from __future__ import annotations

import cv2
import numpy as np
from mmpose.datasets.transforms import YOLOXHSVRandomAug
from mmpose.registry import TRANSFORMS

LEVELS = np.arange(256)
HUES = 180


@TRANSFORMS.register_module()
class RandomHSV(YOLOXHSVRandomAug):
    """mmpose's ``YOLOXHSVRandomAug`` by tables: the same draws and the same pixels in less than half of the time.

    The result is a new array; one that is shared stays as it is.
    """

    def transform(self, results: dict) -> dict:
        """Change hue, saturation and value of ``img`` (h, w, 3) uint8 BGR."""
        gains = self._get_hsv_gains().astype(np.int64)
        planes = cv2.split(cv2.cvtColor(results['img'], cv2.COLOR_BGR2HSV))
        tables = ((LEVELS + gains[0]) % HUES, (LEVELS + gains[1]).clip(0, 255), (LEVELS + gains[2]).clip(0, 255))
        for plane, table, gain in zip(planes, tables, gains, strict=True):
            if gain:
                cv2.LUT(plane, table.astype(np.uint8), dst=plane)
        results['img'] = cv2.cvtColor(cv2.merge(planes), cv2.COLOR_HSV2BGR)
        return results
