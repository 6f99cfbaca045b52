"""F1@t: joints found in camera space within t metres, as LoCO evaluates JTA; percent.

Shapes: N people of an image, K = 14 joints. Camera frame, millimetres; the threshold in metres, as in the name.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from mmp3d.evaluation.functional.association import ASSOCIATIONS
from mmp3d.evaluation.functional.joint_detection import (
    JointBag,
    bag_of_people,
    count_joints,
    count_people,
    count_within,
    detection_scores,
    nearest_pairs,
)
from mmp3d.evaluation.functional.padding import split_by_counts, sum_by_counts
from mmp3d.evaluation.metrics.base import PeopleMetric
from mmp3d.evaluation.people_record import PeopleRecord
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.natural_order import natural_key

# Head top to ankles: the 14 joints of LoCO, in its order.
JOINTS = slice(0, 14)
UNITS = {
    'joint': 'a joint of a type; who it belongs to plays no part',
    'person': 'a person; distance: mean over the joints that both have, at least half of the annotated ones',
}
RULES = {
    'loco': "annotation's nearest prediction, if no other annotation is nearer to that one; no second choice",
    'optimal': 'most pairs within the threshold, then least total distance',
}


@METRICS.register_module()
class JointF1(PeopleMetric):
    """Precision, recall and F1 of joints in camera space; ``--eval F1@0.4`` stands for a threshold of 0.4 m.

    Args:
        threshold: m.
        association: ``'loco'`` (official) or ``'optimal'``.
        per: ``'joint'`` (official) or ``'person'``.
        score_threshold: Predicted joints count whose score is higher.
        collect_device: See :class:`PeopleMetric`.
        prefix: None: ``F1@<threshold>``, with the names of options that are not the official ones.

    Raises:
        ValueError: An option has a value that is not listed here.
    """

    pred_fields = ('keypoints_cam', 'keypoint_scores')
    needs_root = False
    variants = {'optimal': {'association': 'optimal'}, 'person': {'per': 'person'}}

    def __init__(
        self,
        threshold: float = 0.4,
        association: str = 'loco',
        per: str = 'joint',
        score_threshold: float = 0.0,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        if not 0 < threshold < np.inf:
            raise ValueError(f'JointF1: threshold must be a positive number of metres, got {threshold!r}')
        for name, value, allowed in (('association', association, ASSOCIATIONS), ('per', per, UNITS)):
            if value not in allowed:
                raise ValueError(f'JointF1: {name} must be one of {sorted(allowed)}, got {value!r}')
        variants = [value for value in (association, per) if value not in ('loco', 'joint')]
        super().__init__(collect_device, prefix or '-'.join([f'F1@{threshold:g}', *variants]))
        self.threshold, self.association, self.per = threshold, association, per
        self.score_threshold = score_threshold

    @property
    def protocol(self) -> dict[str, str]:
        return {
            'what is found': UNITS[self.per],
            'found': f'distance in camera space <= {self.threshold:g} m',
            'which prediction': RULES[self.association],
            'joints': '14 (head top to ankles)',
            'annotation': 'all valid people; joints with valid 3D inside of 0..width x 0..height, occluded or not',
            'predictions': f'joints with a finite position and a score > {self.score_threshold:g}',
            'nothing on either side': 'scores 1; on one side only: 0',
            'average': 'mean of the images, each with its own precision, recall and F1 (pooled: counts of all images)',
        }

    def measure(self, records: Sequence[PeopleRecord]) -> list[dict]:
        """Counts of found, missed and false in each image."""
        radius = 1000 * self.threshold
        if self.per == 'joint' and self.association == 'loco':
            annotated, predicted, *pairs = _nearest_joints(records, self.score_threshold)
            found = count_within(*pairs, len(records), np.array([radius]))[0]
            counts = np.stack([found, annotated - found, predicted - found], axis=-1)
        elif self.per == 'joint':
            bags = _joint_bags(records, self.score_threshold)
            counts = count_joints(*bags, len(records), radius, self.association)
        else:
            gt, pred = _counted_joints(records, self.score_threshold)
            counts = count_people(gt, pred, radius, self.association)
        return [
            {
                'img_id': record.img_id,
                'seq_name': record.seq_name,
                'counts': image_counts,
                'not_finite': not_finite,
                'size_known': _image_size(record) is not None,
            }
            for record, image_counts, not_finite in zip(records, counts, _not_finite_of(records), strict=True)
        ]

    def summarize(self, results: list[dict]) -> tuple[dict[str, float], list[ScoreTable]]:
        """Scalars ``F1``, ``precision``, ``recall`` in percent, and a table per sequence with pooled scores."""
        self._warn_about(results)
        names = sorted({result['seq_name'] for result in results}, key=natural_key)
        subsets = [(name or 'all images', [r for r in results if r['seq_name'] == name]) for name in names]
        rows = [(name, _score_row(subset)) for name, subset in [*subsets, ('whole set', results)]]
        scores = ('F1', 'precision', 'recall')
        columns = ('sequence', *scores, *(f'pooled {name}' for name in scores), 'found', 'missed', 'false')
        scalars = dict(zip(scores, rows[-1][1], strict=False))
        return scalars, [ScoreTable(f'{self.prefix}, percent and counts', columns, tuple(rows))]

    def _warn_about(self, results: list[dict]) -> None:
        logger = MMLogger.get_current_instance()
        counts = _counts(results)
        not_finite = sum(result['not_finite'] for result in results)
        size_unknown = sum(not result['size_known'] for result in results)
        if not results:
            logger.warning(f'{self.prefix}: there are no images, so every score is NaN; check the annotation file')
        elif not counts[:, :2].any():
            logger.warning(f'{self.prefix}: none of {len(results)} images has an annotated joint, so the scores only '
                           'say where nothing was predicted; check the annotation file and `person_valid`')  # fmt: skip
        if size_unknown:
            logger.warning(f'{self.prefix}: {size_unknown} images have no camera and so no known size; annotated '
                           'joints right of or below such an image count as well')  # fmt: skip
        if not_finite:
            logger.warning(f'{self.prefix}: {not_finite} predicted joints are not finite; they were left out')


@lru_cache(maxsize=1)
def _nearest_joints(
    records: tuple[PeopleRecord, ...], score_threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(F,) annotated and (F,) predicted joints, and :func:`nearest_pairs`; F1 at several radii asks for the same."""
    gt, pred = _joint_bags(records, score_threshold)
    counts = (np.bincount(bag.frame, minlength=len(records)) for bag in (gt, pred))
    return (*counts, *nearest_pairs(gt, pred, len(records)))


def _joint_bags(records: Sequence[PeopleRecord], score_threshold: float) -> tuple[JointBag, JointBag]:
    gt, pred = _counted_joints(records, score_threshold)
    return bag_of_people(gt), bag_of_people(pred)


def _counted_joints(
    records: Sequence[PeopleRecord], score_threshold: float
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Annotated and predicted joints of each image, (N, K, 3) mm, NaN where a joint does not count."""
    gt, pixels, valid = (
        np.concatenate([record.gt[name][:, JOINTS] for record in records])
        for name in ('keypoints_cam', 'keypoints', 'keypoints_3d_valid')
    )
    people = [len(record.gt['person_valid']) for record in records]
    sizes = np.repeat([_image_size(record) or (np.inf, np.inf) for record in records], people, axis=0)
    inside = ((pixels >= 0) & (pixels <= sizes[:, None])).all(axis=-1)
    gt = np.where((inside & (valid > 0))[..., None], gt, np.nan)
    pred, scores = (
        np.concatenate([record.pred[name][:, JOINTS] for record in records])
        for name in ('keypoints_cam', 'keypoint_scores')
    )
    counted = (scores > score_threshold) & np.isfinite(pred).all(axis=-1)
    pred = np.where(counted[..., None], pred, np.nan)
    guesses = [len(record.pred['keypoints_cam']) for record in records]
    return split_by_counts(gt, people), split_by_counts(pred, guesses)


@lru_cache(maxsize=1)
def _not_finite_of(records: tuple[PeopleRecord, ...]) -> list[int]:
    """How many predicted joints of each image are not finite."""
    poses = np.concatenate([record.pred['keypoints_cam'][:, JOINTS] for record in records])
    broken = (~np.isfinite(poses).all(axis=-1)).sum(axis=1)
    return sum_by_counts(broken, [len(record.pred['keypoints_cam']) for record in records])


def _image_size(record: PeopleRecord) -> tuple[int, int] | None:
    """(width, height) px; None where it is not known."""
    camera = record.info.get('camera')
    return tuple(camera['image_size']) if camera else None


def _counts(results: list[dict]) -> np.ndarray:
    """(F, 3) found, missed, false of each image."""
    return np.array([result['counts'] for result in results], int).reshape(-1, 3)


def _score_row(results: list[dict]) -> tuple[float, ...]:
    """Mean F1, precision, recall, the pooled three, and the counts."""
    counts = _counts(results)
    if not len(counts):
        return (*[float('nan')] * 6, 0, 0, 0)
    pooled = counts.sum(axis=0)
    scores = 100 * np.stack([detection_scores(counts).mean(axis=0), detection_scores(pooled)])
    return (*scores[:, [2, 0, 1]].ravel().tolist(), *pooled.tolist())
