"""COCO's keypoint AP of people in MuPoTS-17 joints, any number of them from each box."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from mmengine.structures import InstanceData
from mmpose.evaluation.metrics import CocoMetric
from mmpose.registry import METRICS

from mmp3d.codecs.person_merging import SAME_BOX_THRESHOLD, THRESHOLD, merge_people
from mmp3d.geometry import COCO17, MUPOTS17


@METRICS.register_module()
class MultiPersonCocoMetric(CocoMetric):
    """mmpose's ``CocoMetric`` with COCO's annotations converted to MuPoTS-17.

    The OKS runs over the joints that COCO has or implies (neck and pelvis as mid-points; no face), with the sigmas of
    ``Skeleton.sigmas``: the numbers compare with each other, not with COCO's leaderboard. People found in several boxes
    are merged first, as ``find_people`` does (``merge_people``).

    Args:
        ann_file: COCO's ``person_keypoints_*.json``.
        threshold: OKS above which people of different boxes are one.
        same_box_threshold: The same for people of one box.
        score_mode: How a person ranks; ``'bbox'``: by ``bbox_scores``, which hold the joints' scores already.
        **kwargs: Those of ``CocoMetric``.

    Raises:
        FileNotFoundError: No such annotation file.
    """

    def __init__(
        self,
        ann_file: str,
        threshold: float = THRESHOLD,
        same_box_threshold: float = SAME_BOX_THRESHOLD,
        score_mode: str = 'bbox',
        **kwargs,
    ) -> None:
        if not Path(ann_file).is_file():
            raise FileNotFoundError(f'MultiPersonCocoMetric: no annotations at {ann_file} (its option ann_file)')
        super().__init__(ann_file=ann_file, nms_mode='none', score_mode=score_mode, **kwargs)
        self.thresholds = (threshold, same_box_threshold)
        for annotation in self.coco.anns.values():
            _convert(annotation)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """COCO's ten numbers, in [0, 1]; 0 where nobody was found in any image."""
        if any((prediction['keypoint_scores'] > 0).any() for prediction, _ in results):
            return super().compute_metrics(results)
        return OrderedDict((name, 0.0) for name in ('AP', 'AP .5', 'AP .75', 'AR', 'AR .5', 'AR .75'))

    def _sort_and_unique_bboxes(self, kpts: Mapping[int, list[dict]], key: str = 'id') -> dict[int, list[dict]]:
        # mmpose keeps one person of each box here; the people of one box share its id.
        return {image: self._merged(people, key) for image, people in kpts.items()}

    def _merged(self, people: list[dict], key: str) -> list[dict]:
        stacked = InstanceData(
            **{name: np.stack([person[name] for person in people]) for name in ('keypoints', 'keypoint_scores')},
            place=np.arange(len(people)),
        )
        kept = merge_people(stacked, np.array([person[key] for person in people]), *self.thresholds)
        return [people[place] for place in kept.place]


def _convert(annotation: dict) -> None:
    marks = np.reshape(annotation['keypoints'], (COCO17.num_joints, 3)).astype(np.float64)
    labelled = marks[:, 2] > 0
    points, valid = COCO17.convert(marks[:, :2], labelled, MUPOTS17)
    flags = np.where(valid, 2, 0)
    annotation['keypoints'] = np.concatenate([points, flags[:, None]], axis=1).ravel().tolist()
    annotation['num_keypoints'] = int(valid.sum())
