"""Cut the enlarged box of a person out of an image, with everybody who is in it.

Shapes: N people, K joints. Input px: pixels of the crop.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from mmp3d.datasets.report import warn_once
from mmp3d.datasets.table import PERSON_KEYS
from mmp3d.datasets.transforms.random_warp import RandomBottomUpWarp
from mmp3d.geometry.crop import crop_window, usable_box

PADDING = 1.25


def own_box(results: Mapping) -> tuple[np.ndarray, float]:
    """The box to cut out and its score: ``crop_box`` and ``crop_score``, else the first of ``bbox`` (mmpose)."""
    if 'crop_box' in results:
        return np.asarray(results['crop_box']), float(results.get('crop_score', 1.0))
    if 'bbox' not in results or not len(results['bbox']):
        raise ValueError(f'{results.get("img_path", "item")}: no box to cut out: neither crop_box nor bbox is given')
    return np.asarray(results['bbox'][0]), float(np.ravel(results.get('bbox_score', 1.0))[0])


@TRANSFORMS.register_module()
class PersonCrop(BaseTransform):
    """Cut out the enlarged box, for testing: labels stay in the image's pixels.

    A box that is not finite, of no size or wholly outside of the image gives a black crop with ``crop_unusable``: a box
    in which nobody is found. One warning tells.

    mmpose's inferencer gives ``bbox`` without ``crop_box`` and wants one person a box: ``own_person_only`` tells.

    Args:
        input_size: (w, h) of the crop, px.
        padding: Enlargement of the box, which takes in what an inexact detector cut off (paper: enlarged; 1.25-1.5).
        pad_value: Grey value outside of the image.
    """

    def __init__(self, input_size: tuple[int, int], padding: float = PADDING, pad_value: int = 114) -> None:
        super().__init__()
        self.input_size = tuple(input_size)
        self.padding = padding
        self.pad_value = pad_value

    def transform(self, results: dict) -> dict:
        """Replace ``img``; add ``input_size``, ``input_center``, ``input_scale``, ``crop_box``, ``crop_score``."""
        own_person_only = 'crop_box' not in results
        box, score = own_box(results)
        height, width = results['img'].shape[:2]
        unusable = not usable_box(box, (width, height))
        if unusable:
            warn_once(
                f'{results.get("img_path", "image")}: box {np.round(box, 1).tolist()} shows nothing of the image of '
                f'{width} x {height} px; nobody is found in it'
            )
            box = np.array([0, 0, width, height], np.float32)
        centre, scale = crop_window(box, self.padding, self.input_size)
        if unusable:
            results['img'] = np.zeros((*self.input_size[::-1], 3), np.uint8)
        else:
            results['img'] = self._cut(results['img'], centre, scale)
        results.update(
            input_size=self.input_size,
            input_center=centre,
            input_scale=scale,
            crop_box=np.asarray(box, np.float32),
            crop_score=score,
            crop_unusable=unusable,
            own_person_only=own_person_only,
        )
        return results

    def _cut(self, image: np.ndarray, centre: np.ndarray, scale: np.ndarray) -> np.ndarray:
        ratio = np.array(self.input_size) / scale
        warp = np.array([[ratio[0], 0, 0], [0, ratio[1], 0]])
        warp[:, 2] = 0.5 * np.array(self.input_size) - ratio * centre
        return cv2.warpAffine(image, warp, self.input_size, flags=cv2.INTER_LINEAR, borderValue=(self.pad_value,) * 3)


@TRANSFORMS.register_module()
class RandomPersonCrop(RandomBottomUpWarp):
    """Cut out the enlarged box at random scale, rotation and place, and drop people who are outside of the crop.

    Boxes of a detector are inexact; the random scale and shift stand for that. The box's own person stays first.

    Args:
        input_size: (w, h) of the crop, px.
        padding: Enlargement of the box at scale 1.
        scale: Range of the random scale, drawn evenly in its logarithm.
        rotation: Greatest rotation, degrees either way.
        shift: Greatest shift as a fraction of the box's sides.
        flip_prob: Probability of mirroring.
        pad_value: Grey value outside of the image.
    """

    def __init__(
        self,
        input_size: tuple[int, int],
        padding: float = PADDING,
        scale: tuple[float, float] = (0.75, 1.33),
        rotation: float = 30.0,
        shift: float = 0.1,
        flip_prob: float = 0.5,
        pad_value: int = 114,
    ) -> None:
        super().__init__(
            input_size, scale=scale, rotation=rotation, shift=shift, flip_prob=flip_prob, pad_value=pad_value
        )
        self.padding = padding

    def transform(self, results: dict) -> dict | None:
        """As :class:`RandomBottomUpWarp`; None for a box that shows nothing, so that another item takes its place."""
        box, _ = own_box(results)
        height, width = results['img'].shape[:2]
        if not usable_box(box, (width, height)):
            return None
        # The base class samples from the image's size alone; the box is handed to `_sample` here.
        self._window = crop_window(box, self.padding, self.input_size)
        results = super().transform(results)
        shown = ((results['keypoints'] >= 0) & (results['keypoints'] < self.input_size)).all(axis=-1)
        kept = (shown & (results['keypoints_visible'] > 0)).any(axis=1)
        kept[0] = True
        for key in PERSON_KEYS:
            if key in results:
                results[key] = results[key][kept]
        return results

    def _sample(self, width: int, height: int, flip: bool) -> np.ndarray:
        centre, sides = self._window
        scale = self.input_size[0] / sides[0] * np.exp(np.random.uniform(*np.log(self.scale)))
        angle = np.radians(np.random.uniform(-self.rotation, self.rotation))
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        linear = scale * rotation @ np.diag([-1.0 if flip else 1.0, 1.0])
        target = np.array(self.input_size) / 2
        offset = np.random.uniform(-self.shift, self.shift, 2) * sides / self.padding
        return np.hstack([linear, (target - linear @ (centre + offset))[:, None]])
