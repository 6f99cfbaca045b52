"""Share of 2D joints found in each crop: of the box's own person, of the others in it, and of occluded joints.

Shapes: M predicted and N annotated people of a crop, K = 17 MuPoTS joints. Pixels of the full image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmpose.registry import METRICS

from mmp3d.codecs.own_person import box_overlaps
from mmp3d.evaluation.functional.joints_2d import close_joints, found_joints
from mmp3d.geometry.crop import image_to_input

GROUPS = ('all', 'own', 'others', 'occluded')


@METRICS.register_module()
class CropPCK(BaseMetric):
    """2D PCK over crops (``PersonBoxDataset``); counted are labelled joints inside of the crop.

    ``own``: the person whose annotated box overlaps the crop's box most, compared with the first predicted one.
    ``all``: everybody, matched one to one so that most joints are found; ``others`` and ``occluded`` are parts of it.
    A joint of somebody whom nobody matched is not found; predicted people without a match cost nothing.

    Args:
        threshold: Greatest distance, as a share of the longer side of the annotated person's box.
        collect_device: See mmengine's ``BaseMetric``.
        prefix: Put before the names of the results.
    """

    default_prefix = 'CropPCK'

    def __init__(self, threshold: float = 0.1, collect_device: str = 'cpu', prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if not threshold > 0:
            raise ValueError(f'CropPCK: threshold must be above 0, got {threshold!r}')
        self.threshold = threshold

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Count the joints of each sample; one row (found, counted) of each group a crop."""
        self.results += [self._counts(sample) for sample in data_samples]

    def compute_metrics(self, results: list[np.ndarray]) -> dict[str, float]:
        """Percent of each group; NaN for a group without a joint."""
        found, counted = np.sum(results, axis=0).T if results else np.zeros((2, len(GROUPS)))
        with np.errstate(invalid='ignore'):
            shares = 100 * found / counted
        return {name: float(share) for name, share in zip(GROUPS, shares, strict=True)}

    def _counts(self, sample: Mapping) -> np.ndarray:
        """(groups, 2) found and counted joints."""
        people, truth = sample['pred_instances'], sample['gt_instances']
        predicted = np.asarray(people['keypoints'], np.float64)
        keypoints = np.asarray(truth['keypoints'], np.float64)
        if not len(keypoints):
            return np.zeros((len(GROUPS), 2))
        boxes = np.asarray(truth['bboxes'], np.float32)
        tolerance = self.threshold * (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
        counted = (np.asarray(truth['keypoints_visible']) > 0) & _inside(keypoints, sample)
        found = found_joints(predicted, keypoints, counted, tolerance)
        own = int(box_overlaps(boxes, sample['crop_box']).argmax())
        first = close_joints(predicted[:1], keypoints[own : own + 1], tolerance[own : own + 1]).any(axis=(0, 1))
        others = np.arange(len(keypoints)) != own
        occluded = counted & (np.asarray(truth['keypoints_occluded']) > 0)
        return np.array(
            [
                (found.sum(), counted.sum()),
                ((first & counted[own]).sum(), counted[own].sum()),
                (found[others].sum(), counted[others].sum()),
                ((found & occluded).sum(), occluded.sum()),
            ]
        )


def _inside(keypoints: np.ndarray, sample: Mapping) -> np.ndarray:
    points = image_to_input(keypoints, sample)
    return ((points >= 0) & (points < np.asarray(sample['input_size']))).all(axis=-1)
