"""Regions of people who must not be learnt, in the form that mmpose's mask transform decodes.

``BottomupGetHeatmapMask`` passes over a segmentation that is a dict, as COCO's crowd regions are, so those are handed
on inside a list, which its decoder takes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pycocotools.mask as cocomask

MIN_POLYGON_NUMBERS = 6
# Coordinates beyond this are damage, not pixels.
MOST_PIXELS = 1e9


def usable_segmentation(segmentation: Any, bbox: np.ndarray) -> list | None:
    """A segmentation as a list of polygons or a list of one run-length code.

    Args:
        segmentation: COCO's ``segmentation``: polygons, or run lengths as counts or as a text; None if there is none.
        bbox: (4,) xywh px, taken where the segmentation is missing or not usable.

    Returns:
        The list; None where neither gives a region.
    """
    if isinstance(segmentation, dict):
        code = _uncompressed(segmentation)
        if code is not None:
            return [code]
    if isinstance(segmentation, list):
        polygons = [polygon for polygon in segmentation if _is_polygon(polygon)]
        if polygons:
            return polygons
    return _box_polygon(bbox)


def _uncompressed(code: dict) -> dict | None:
    size, counts = code.get('size'), code.get('counts')
    if not (isinstance(size, list) and len(size) == 2 and all(type(side) is int and side > 0 for side in size)):
        return None
    if isinstance(counts, list):
        whole = all(type(count) is int and count >= 0 for count in counts) and sum(counts) == size[0] * size[1]
        return {'size': size, 'counts': counts} if whole else None
    if not isinstance(counts, str):
        return None
    try:
        mask = cocomask.decode({'size': size, 'counts': counts.encode()})
    except ValueError:
        return None
    return {'size': size, 'counts': _run_lengths(mask.ravel(order='F'))}


def _run_lengths(values: np.ndarray) -> list[int]:
    """Lengths of alternating runs of zeros and ones, beginning with zeros."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], values]))) if len(values) else []
    return np.diff(np.concatenate([[0], edges, [len(values)]])).astype(int).tolist()


def _is_polygon(polygon: Any) -> bool:
    if not isinstance(polygon, list) or len(polygon) < MIN_POLYGON_NUMBERS or len(polygon) % 2:
        return False
    return all(type(number) in (int, float) and abs(number) < MOST_PIXELS for number in polygon)


def _box_polygon(bbox: np.ndarray) -> list | None:
    if not np.isfinite(bbox).all() or (bbox[2:] <= 0).any():
        return None
    left, top, width, height = (float(number) for number in bbox)
    return [[left, top, left + width, top, left + width, top + height, left, top + height]]
