"""The part of the maps in which people are annotated."""

from __future__ import annotations

from collections.abc import Sequence

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
    enters, leaves = [], []
    for (across, down, shift), side in zip(back, reversed(image_shape), strict=True):
        start = down * rows + shift
        # A row of cells along the other axis is inside as a whole, or not at all: infinities say which.
        with np.errstate(divide='ignore', invalid='ignore'):
            borders = (-0.5 - start) / across, (side - 0.5 - start) / across
        enters.append(np.minimum(*borders))
        leaves.append(np.maximum(*borders))
    # The image is convex: each row of cells is inside from one place on to another. Infinite ones and NaN are sorted too.
    first = np.searchsorted(columns, np.maximum(*enters), side='right')
    stop = np.searchsorted(columns, np.minimum(*leaves), side='left')
    numbers = np.arange(len(columns), dtype=np.int16)
    return (numbers >= first.astype(np.int16)[:, None]) & (numbers < stop.astype(np.int16)[:, None])
