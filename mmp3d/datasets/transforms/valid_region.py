"""The part of the maps in which people are annotated."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from mmpose.datasets.transforms import BottomupGetHeatmapMask
from mmpose.registry import TRANSFORMS
from pycocotools import mask as coco_mask

from mmp3d.codecs.cells import cells_to_pixels


@TRANSFORMS.register_module()
class ValidRegionMask(BottomupGetHeatmapMask):
    """mmpose's ``BottomupGetHeatmapMask`` with pycocotools: its xtcocotools cannot decode a mask under numpy 2.

    Needs ``invalid_segs`` (polygons or run lengths of crowds and unlabelled people), ``warp_mat`` and ``input_size``;
    adds ``heatmap_mask`` (1, H, W) bool, False there and outside of the image.
    """

    def transform(self, results: dict) -> dict:
        """Add the mask as (1, H, W), the form in which fields are packed."""
        heatmaps = results.get('heatmaps')
        everywhere_valid = not results.get('invalid_segs') and not results.get('flip')
        if everywhere_valid and 'warp_mat' in results and isinstance(heatmaps, np.ndarray):
            stride = results['input_size'][0] / heatmaps.shape[-1], results['input_size'][1] / heatmaps.shape[-2]
            mask = inside_of_image(results['warp_mat'], results['img_shape'], heatmaps.shape[-2:], stride)
            results['heatmap_mask'] = mask[None]
            return results
        results = super().transform(results)
        results['heatmap_mask'] = results['heatmap_mask'][None]
        return results

    def _segs_to_mask(self, segs: Sequence, img_shape: tuple[int, int]) -> np.ndarray:
        height, width = img_shape
        if not segs:
            return np.zeros((height, width), np.uint8)
        encoded = []
        for seg in segs:
            runs = coco_mask.frPyObjects(seg, height, width)
            encoded += runs if isinstance(runs, list) else [runs]
        return coco_mask.decode(coco_mask.merge(encoded))


def inside_of_image(
    warp: np.ndarray, image_shape: Sequence[int], map_shape: Sequence[int], stride: Sequence[float]
) -> np.ndarray:
    """Which cells of a map of the warped image show the image.

    Args:
        warp: (2, 3) affine map from image px to input px.
        image_shape: (height, width) px.
        map_shape: (H, W) cells.
        stride: Input px per cell along x and y.

    Returns:
        (H, W) bool: the cell's centre lies on the image.
    """
    back = cv2.invertAffineTransform(np.asarray(warp, np.float64))
    columns, rows = (
        cells_to_pixels(np.arange(count), step) for count, step in zip(reversed(map_shape), stride, strict=True)
    )
    ends = np.array([[-0.5, side - 0.5] for side in reversed(image_shape)])
    # A row of cells along the other axis is inside as a whole, or not at all: infinities say which.
    with np.errstate(divide='ignore', invalid='ignore'):
        borders = (ends[:, :, None] - (back[:, 1:2] * rows + back[:, 2:])[:, None]) / back[:, :1, None]
    # The image is convex: each row of cells is inside from one place on to another.
    first = np.searchsorted(columns, borders.min(axis=1).max(axis=0), side='right')
    stop = np.searchsorted(columns, borders.max(axis=1).min(axis=0), side='left')
    before, after = _parts_of_rows(len(columns))
    return after[first] & before[stop]


@lru_cache(maxsize=8)
def _parts_of_rows(count: int) -> tuple[np.ndarray, np.ndarray]:
    """(count + 1, count) bool: of row i the cells before i are True, and those from i on."""
    before = np.tri(count + 1, count, -1, dtype=bool)
    return before, ~before
