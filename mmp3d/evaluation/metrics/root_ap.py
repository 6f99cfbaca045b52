"""AP_25^root: average precision of the absolute root position, as RootNet's MuPoTS-3D evaluation; percent.

Shapes: D detections of all images. Camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from mmp3d.evaluation.functional.padding import pad_people, split_people, sum_by_counts
from mmp3d.evaluation.functional.root_ap import FARTHEST, average_precision, nearest_roots, rank_true_positives
from mmp3d.evaluation.metrics.base import PeopleMetric
from mmp3d.evaluation.people_record import PeopleRecord
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.geometry import MUPOTS17
from mmp3d.natural_order import natural_key


@METRICS.register_module(name=['AP25root', 'RootAP'])
class RootAP(PeopleMetric):
    """Average precision of people found within a radius of their true root position.

    Args:
        radius: mm.
        first_rectangle: Add the area of the surest detection, which the reference's sum leaves out. Not official.
        collect_device: See :class:`PeopleMetric`.
        prefix: None: ``AP<radius in cm>root``.

    Raises:
        ValueError: ``radius`` is not between 0 and 9999 mm.
    """

    pred_fields = ('root_cam', 'bbox_scores')
    variants = {'textbook': {'first_rectangle': True}}

    def __init__(
        self,
        radius: float = 250.0,
        first_rectangle: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        if not 0 < radius <= FARTHEST:
            raise ValueError(f'AP25root: radius must be in mm, above 0 and at most {FARTHEST:g}, got {radius!r}')
        super().__init__(collect_device=collect_device, prefix=prefix or f'AP{radius / 10:g}root')
        self.radius, self.first_rectangle = radius, first_rectangle

    @property
    def protocol(self) -> dict[str, str]:
        area = 'textbook area' if self.first_rectangle else "without the surest detection's own (as the reference)"
        return {
            'detection is right': f'nearest annotated pelvis of its image < {self.radius:g} mm away and not yet taken',
            'order': 'person score, falling; ties by image number, then as predicted',
            'images without valid people': 'their detections do not count',
            'area': f'sum of right-hand rectangles, no envelope, {area}',
            'average': 'one list for the whole set',
        }

    def measure(self, records: Sequence[PeopleRecord]) -> list[dict]:
        """Score, nearest annotated person and distance of each detection."""
        roots, present = pad_people([record.pred['root_cam'] for record in records])
        gt_roots, gt_present = pad_people([record.gt['keypoints_cam'][:, MUPOTS17.root_index] for record in records])
        nearest, distances = nearest_roots(roots, gt_roots, gt_present)
        return [
            {
                'img_id': record.img_id,
                'seq_name': record.seq_name,
                'scores': record.pred['bbox_scores'],
                'nearest': image_nearest,
                'distances': image_distances,
                'num_gt': len(record.gt['person_valid']),
                'not_finite': not_finite,
            }
            for record, image_nearest, image_distances, not_finite in zip(
                records,
                split_people(nearest[present], present),
                split_people(distances[present], present),
                _not_finite_of(records),
                strict=True,
            )
        ]

    def summarize(self, results: list[dict]) -> tuple[dict[str, float], list[ScoreTable]]:
        """Scalars ``AP`` in percent, ``recall`` in percent, and a table per sequence with counts."""
        self._warn_about(results)
        results = [result for result in results if result['num_gt']]
        names = sorted({result['seq_name'] for result in results}, key=natural_key)
        subsets = [(name or 'all images', [r for r in results if r['seq_name'] == name]) for name in names]
        rows = [(name, self._score(subset)) for name, subset in [*subsets, ('whole set', results)]]
        average, found, _, people = rows[-1][1]
        columns = ('sequence', 'AP', 'right', 'wrong', 'people')
        scalars = {'AP': average, 'recall': 100 * found / people if people else float('nan')}
        return scalars, [ScoreTable(f'{self.prefix}, percent and counts', columns, tuple(rows))]

    def _warn_about(self, results: list[dict]) -> None:
        logger = MMLogger.get_current_instance()
        not_finite = sum(result['not_finite'] for result in results)
        if not any(result['num_gt'] for result in results):
            logger.warning(f'{self.prefix}: no image has an annotated person with a valid pelvis, so the score is NaN; '
                           'check the annotation file and `person_valid`')  # fmt: skip
        if not_finite:
            logger.warning(f'{self.prefix}: {not_finite} predicted people have a root or a score that is not finite; '
                           'such roots find nobody, such scores come last')  # fmt: skip

    def _score(self, results: list[dict]) -> tuple[float, int, int, int]:
        """AP in percent, right and wrong detections, people to find."""
        num_gt = [result['num_gt'] for result in results]
        first_person = np.cumsum([0, *num_gt])
        offsets = (result['nearest'] + first for result, first in zip(results, first_person, strict=False))
        scores, distances = (np.concatenate([[], *(r[name] for r in results)]) for name in ('scores', 'distances'))
        nearest = np.concatenate([np.zeros(0, int), *offsets])
        right, _ = rank_true_positives(scores, nearest, distances, self.radius)
        area = average_precision(right, sum(num_gt), self.first_rectangle)
        return 100 * area, int(right.sum()), int((~right).sum()), sum(num_gt)


def _not_finite_of(records: Sequence[PeopleRecord]) -> list[int]:
    """How many predicted people of each image have a root or a score that is not finite."""
    roots, scores = (np.concatenate([r.pred[name] for r in records]) for name in ('root_cam', 'bbox_scores'))
    finite = np.isfinite(roots).all(axis=1) & np.isfinite(scores)
    return sum_by_counts(~finite, [len(record.pred['root_cam']) for record in records])
