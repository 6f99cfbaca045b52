"""MRPE: mean error of the absolute root position, in mm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmpose.registry import METRICS

from mmp3d.evaluation.functional.mupots_matching import MATCH_RADIUS
from mmp3d.evaluation.functional.padding import pad_people
from mmp3d.evaluation.functional.pose_errors import mpjpe, root_relative
from mmp3d.evaluation.functional.root_error import nearest_poses, root_errors
from mmp3d.evaluation.metrics.people_matching import match_records
from mmp3d.evaluation.metrics.ratio_metric import RatioMetric, image_results
from mmp3d.evaluation.people_record import PeopleRecord
from mmp3d.geometry import MUPOTS17

MATCHES = {
    '2d': f'2D joints, {MATCH_RADIUS:g} px on x and y, greedy in annotation order (official MuPoTS-3D rule)',
    'virtualpose': 'nearest absolute pose, < {threshold:g} mm; one prediction may serve several people (VirtualPose)',
}


@METRICS.register_module()
class MRPE(RatioMetric):
    """Mean distance of predicted pelvises from the annotated ones, and its parts along the camera's axes.

    Scalars in mm, over matched people only: ``root``, ``x``, ``y``, ``z`` (depth), ``MPJPE`` (mean joint error in
    camera space), ``MPJPE_relative`` (pelvises in the origin, nothing else aligned); ``recall`` in percent of the
    annotated people. A method that finds fewer people has an easier task: quote ``recall`` with the error. Results
    take some 100 bytes per image.

    Args:
        match: ``'2d'``: official rule; ``'virtualpose'``: as VirtualPose's evaluation of MuPoTS-3D.
        threshold: mm, mean joint distance up to which ``'virtualpose'`` takes two people for the same.
        average: ``'pooled'``: all matched people alike; ``'sequences'``: plain mean of the sequences.
        options: See :class:`PeopleMetric`.

    Raises:
        ValueError: An option has a value that is not listed here.
    """

    default_prefix = 'MRPE'
    variants = {'virtualpose': {'match': 'virtualpose'}, 'sequences': {'average': 'sequences'}}
    pred_fields = ('keypoints', 'keypoints_cam')
    columns = ('root', 'x', 'y', 'z', 'MPJPE', 'MPJPE_relative', 'recall')
    things, units = 'people', 'mm, recall in percent'

    def __init__(self, match: str = '2d', threshold: float = 500.0, average: str = 'pooled', **options) -> None:
        super().__init__(average=average, **options)
        if match not in MATCHES:
            raise ValueError(f'{type(self).__name__}: match must be one of {sorted(MATCHES)}, got {match!r}')
        if not threshold > 0:
            raise ValueError(f'{type(self).__name__}: threshold must be a positive number of mm, got {threshold!r}')
        self.match, self.threshold = match, threshold

    @property
    def protocol(self) -> dict[str, str]:
        average = {'pooled': 'all matched people alike', 'sequences': 'plain mean of the sequences'}
        return {
            'annotation': 'annot3, absolute camera space',
            'root': 'pelvis, as predicted',
            'people matched by': MATCHES[self.match].format(threshold=self.threshold),
            'average': average[self.average],
            'missed people, extra predictions': 'cost nothing; see recall',
        }

    def measure(self, records: Sequence[PeopleRecord]) -> list[dict]:
        """Sums of the errors of each image's matched people."""
        pred, pred_present = pad_people([record.pred['keypoints_cam'] for record in records])
        gt, gt_present = pad_people([record.gt['keypoints_cam'] for record in records])
        valid, _ = pad_people([record.gt['keypoints_3d_valid'] for record in records])
        usable = pred_present & np.isfinite(pred).all(axis=(-1, -2))
        if self.match == '2d':
            matches = match_records(records)
        else:
            matches, distances = nearest_poses(pred, gt, usable, gt_present, valid)
            matches = np.where(distances < self.threshold, matches, -1)
        frames, people = np.nonzero(matches >= 0)
        finite = usable[frames, matches[frames, people]]
        frames, people = frames[finite], people[finite]
        totals = np.zeros((len(records), len(self.columns)))
        np.add.at(
            totals, frames, _errors(pred[frames, matches[frames, people]], gt[frames, people], valid[frames, people])
        )
        counts = np.repeat(np.bincount(frames, minlength=len(records))[:, None], len(self.columns), axis=1)
        counts[:, -1] = gt_present.sum(axis=1)
        return image_results(records, totals, counts, (pred_present & ~usable).sum(axis=1))


def _errors(pred: np.ndarray, gt: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(M, 7) columns of :class:`MRPE` for (M, K, 3) matched poses; the last one is 100."""
    root = MUPOTS17.root_index
    relative = mpjpe(root_relative(pred, root), root_relative(gt, root), valid)
    roots = root_errors(pred[:, root], gt[:, root])
    return np.column_stack([roots, mpjpe(pred, gt, valid), relative, np.full(len(pred), 100.0)])
