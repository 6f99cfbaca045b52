"""The part of the maps in which people are annotated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmpose.datasets.transforms import BottomupGetHeatmapMask
from mmpose.registry import TRANSFORMS
from pycocotools import mask as coco_mask


@TRANSFORMS.register_module()
class ValidRegionMask(BottomupGetHeatmapMask):
    """mmpose's ``BottomupGetHeatmapMask`` with pycocotools: its xtcocotools cannot decode a mask under numpy 2.

    Needs ``invalid_segs`` (polygons or run lengths of crowds and unlabelled people), ``warp_mat`` and ``input_size``;
    adds ``heatmap_mask`` (1, H, W) bool, False there and outside of the image.
    """

    def transform(self, results: dict) -> dict:
        """Add the mask as (1, H, W), the form in which fields are packed."""
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
