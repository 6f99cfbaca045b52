"""What the MPJPE metrics of Human3.6M and 3DPW share: who stands for whom, missed people, and the error of each pose.

Shapes: F images, G scored and P predicted people of an image, M scored people of all images, K = 17 MuPoTS joints,
E errors. Camera frame, millimetres; pixels of the full image.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmengine.logging import MMLogger

from mmp3d.evaluation.functional.mupots_matching import MATCH_RADIUS
from mmp3d.evaluation.functional.nearest_matching import match_nearest, mean_joint_distances
from mmp3d.evaluation.functional.padding import pad_people, split_people
from mmp3d.evaluation.functional.pose_errors import mpjpe, n_mpjpe, pa_mpjpe, root_relative
from mmp3d.evaluation.metrics.base import PeopleMetric
from mmp3d.evaluation.metrics.people_matching import match_records
from mmp3d.evaluation.people_record import PeopleRecord
from mmp3d.geometry import MUPOTS17

MATCHES = {
    'root_2d': 'the prediction whose pelvis is nearest in the image (px)',
    'joints_2d': 'mean distance of the joints in the image (px), nearest pair first, one to one',
    'joints_3d': 'mean distance of the joints in camera space (mm), nearest pair first, one to one',
    'mupots': f'2D joints, {MATCH_RADIUS:g} px on x and y, greedy in annotation order (MuPoTS-3D)',
    'score': "the surest prediction; the annotation's place plays no part",
}
WITHOUT_RADIUS = ('mupots', 'score')
MISSING = {
    'skip': 'left out of every mean, counted as missed',
    'zero': 'scored as a pose with all joints in the origin, counted as missed',
}
ERRORS = {
    'MPJPE': 'root in the origin',
    'PA-MPJPE': 'shift, rotation and size fitted to each pose',
    'PA-MPJPE-rigid': 'shift and rotation fitted to each pose, size as predicted',
    'N-MPJPE': 'root in the origin, size fitted to each pose',
    'MPJPE-abs': 'camera space as predicted',
    'MRPE': 'distance of the roots in camera space',
}
NOBODY = {'errors': np.zeros((0, len(ERRORS))), 'found': np.zeros(0, bool)}
# A shift, a rotation and a scale carry any two points onto any two others.
FEWEST_JOINTS = 3


class MPJPEMetric(PeopleMetric):
    """Errors in mm of the prediction that stands for each annotated person.

    Args:
        match: A key of ``MATCHES``.
        match_radius: A prediction at this distance (px or mm, by ``match``) or farther stands for nobody. None: no
            limit. Not for ``'mupots'`` and ``'score'``.
        missing: ``'skip'`` or ``'zero'``: what a person counts whom no prediction stands for.
        collect_device: See :class:`PeopleMetric`.
        prefix: See :class:`PeopleMetric`.

    Raises:
        ValueError: An option has a value that is not listed here.
    """

    pred_fields = ('keypoints', 'keypoints_cam', 'bbox_scores')
    matches = tuple(MATCHES)
    joints: tuple[int, ...] = tuple(range(MUPOTS17.num_joints))
    root: tuple[int, ...] = (MUPOTS17.root_index,)

    def __init__(
        self,
        match: str,
        match_radius: float | None = None,
        missing: str = 'skip',
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.check_choice('match', match, self.matches)
        self.check_choice('missing', missing, MISSING)
        if match_radius is not None and (match in WITHOUT_RADIUS or not match_radius > 0):
            raise ValueError(f'{type(self).__name__}: match_radius must be None, or positive and match none of '
                             f'{sorted(WITHOUT_RADIUS)}, got {match_radius!r} with {match!r}')  # fmt: skip
        self.match, self.match_radius, self.missing = match, match_radius, missing

    def check_choice(self, name: str, value: object, allowed: Sequence[str]) -> None:
        """Raise ValueError, naming the option, unless ``value`` is one of ``allowed``."""
        if value not in allowed:
            raise ValueError(f'{type(self).__name__}: {name} must be one of {sorted(allowed)}, got {value!r}')

    @property
    def protocol(self) -> dict[str, str]:
        limit = '' if self.match_radius is None else f'; not at {self.match_radius:g} or farther'
        return {
            'annotation': 'annot3',
            'joints': f'{len(self.joints)}: {", ".join(MUPOTS17.joint_names[joint] for joint in self.joints)}',
            'root': ' and '.join(MUPOTS17.joint_names[joint] for joint in self.root) + ' (mean)' * (len(self.root) > 1),
            'people matched by': MATCHES[self.match] + limit,
            'missed people': MISSING[self.missing],
            'extra predictions': 'cost nothing',
            **ERRORS,
        }

    def measure(self, records: Sequence[PeopleRecord]) -> list[dict]:
        """Errors (G, E) in mm of each scored person, in the order of ``ERRORS``, NaN for one who is left out."""
        finite = [np.isfinite(record.pred['keypoints_cam']).all(axis=(1, 2)) for record in records]
        matches, gt_present = self._match(records, finite)
        pred, gt, valid = _chosen_poses(records, matches, gt_present)
        found = np.isfinite(pred).all(axis=(1, 2))
        if self.missing == 'zero':
            pred[~found] = 0.0
        scored = (valid[:, self.joints].sum(axis=1) >= FEWEST_JOINTS) & valid[:, self.root].all(axis=1)
        errors = np.where(scored[:, None], pose_errors(pred, gt, valid, self.joints, self.root), np.nan)
        residuals = root_relative(pred, self.root) - root_relative(gt, self.root)
        residuals = np.where((scored[:, None] & valid)[..., None], residuals, np.nan)
        per_person = {'errors': errors, 'found': found, 'scored': scored, **self.details_of_people(residuals)}
        columns = {name: split_people(array, gt_present) for name, array in per_person.items()}
        return [
            {
                'img_id': record.img_id,
                'seq_name': record.seq_name,
                'not_finite': int((~usable).sum()),
                **{name: images[index] for name, images in columns.items()},
            }
            for index, (record, usable) in enumerate(zip(records, finite, strict=True))
        ]

    def details_of_people(self, residuals: np.ndarray) -> dict[str, np.ndarray]:
        """More arrays (M, ...) to keep of each person, from (M, K, 3) mm prediction less annotation, roots together."""
        return {}

    def _match(self, records: Sequence[PeopleRecord], finite: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """(F, G) index of the prediction of each scored person or -1, and (F, G) bool: a person is there."""
        space = 'keypoints_cam' if self.match == 'joints_3d' else 'keypoints'
        pred, pred_present = pad_people([record.pred[space] for record in records])
        gt, gt_present = pad_people([record.gt[space] for record in records])
        known = ('keypoints_3d_valid',) if self.match == 'joints_3d' else ('keypoints_3d_valid', 'keypoints_visible')
        valid, _ = pad_people([np.max([record.gt[name] for name in known], axis=0) for record in records])
        usable, _ = pad_people(finite)
        pred_present &= usable > 0
        if self.match == 'mupots':
            return match_records(records), gt_present
        if self.match == 'score':
            scores, _ = pad_people([record.pred['bbox_scores'] for record in records])
            ranks = np.where(pred_present & np.isfinite(scores), -scores, np.inf)
            return match_nearest(np.where(gt_present[..., None], ranks[:, None], np.inf)), gt_present
        if self.match == 'root_2d':
            valid = valid * (np.arange(valid.shape[-1]) == MUPOTS17.root_index)
        distances = mean_joint_distances(pred, gt, pred_present, gt_present, valid)
        return match_nearest(distances, self.match_radius or np.inf), gt_present

    def warn_about(self, results: list[dict]) -> None:
        """Log what the numbers do not show: nobody to score, people left out, predictions that are not finite."""
        logger = MMLogger.get_current_instance()
        if not any(result['scored'].any() for result in results):
            logger.warning(f'{self.prefix}: none of {len(results)} images has an annotated person with a valid 3D '
                           'pose, so every score is NaN; check the annotation file and `person_valid`')  # fmt: skip
        left_out = sum(int((~result['scored']).sum()) for result in results)
        if left_out:
            logger.warning(f'{self.prefix}: {left_out} annotated people left out: fewer than {FEWEST_JOINTS} joints '
                           'with valid 3D, or no root')  # fmt: skip
        missed = sum(int((result['scored'] & ~result['found']).sum()) for result in results)
        if missed:
            logger.warning(f'{self.prefix}: {missed} annotated people have no prediction; {MISSING[self.missing]}')
        not_finite = sum(result['not_finite'] for result in results)
        if not_finite:
            logger.warning(f'{self.prefix}: {not_finite} predicted people have joints that are not finite; '
                           'such people stand for nobody')  # fmt: skip


def pose_errors(
    pred: np.ndarray, gt: np.ndarray, valid: np.ndarray, joints: tuple[int, ...], root: tuple[int, ...]
) -> np.ndarray:
    """The errors of ``ERRORS`` over the valid ones of ``joints``.

    Args:
        pred: (M, K, 3) mm, camera frame; NaN for a person without prediction.
        gt: (M, K, 3) mm, camera frame.
        valid: (M, K) bool.
        joints: Indices of the joints that count.
        root: Index of the root, or of several joints whose mean it is.

    Returns:
        (M, E) mm, NaN where the prediction is.
    """
    joints = list(joints)
    centred_pred, centred_gt = root_relative(pred, root)[:, joints], root_relative(gt, root)[:, joints]
    counted = valid[:, joints]
    roots = (poses[:, list(root)].mean(axis=1, keepdims=True) for poses in (pred, gt))
    columns = (
        mpjpe(centred_pred, centred_gt, counted),
        pa_mpjpe(centred_pred, centred_gt, counted),
        pa_mpjpe(centred_pred, centred_gt, counted, scale=False),
        n_mpjpe(centred_pred, centred_gt, counted),
        mpjpe(pred[:, joints], gt[:, joints], counted),
        mpjpe(*roots),
    )
    return np.stack(columns, axis=-1)


def gather(results: Sequence[dict], nobody: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays of all scored people by name; ``nobody`` has the names, each with what zero people have."""
    return {
        name: np.concatenate([none, *(result[name][result['scored']] for result in results)])
        for name, none in nobody.items()
    }


def column_means(errors: np.ndarray) -> list[float]:
    """Mean of each column of (M, E) over its entries that are not NaN; NaN where there is none."""
    known = ~np.isnan(errors)
    count = known.sum(axis=0)
    total = np.where(known, errors, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0).tolist()


def _chosen_poses(
    records: Sequence[PeopleRecord], matches: np.ndarray, gt_present: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(M, K, 3) predicted poses, NaN for the missed, (M, K, 3) annotated poses, and (M, K) bool: joint is valid."""
    gt, valid = (np.concatenate([record.gt[name] for record in records])
                 for name in ('keypoints_cam', 'keypoints_3d_valid'))  # fmt: skip
    poses = np.concatenate([record.pred['keypoints_cam'] for record in records])
    frames, _ = np.nonzero(gt_present)
    starts = np.cumsum([0] + [len(record.pred['keypoints_cam']) for record in records])[frames]
    chosen = matches[gt_present]
    found = chosen >= 0
    pred = np.full(gt.shape, np.nan)
    pred[found] = poses[(starts + chosen)[found]]
    return pred, gt.astype(np.float64), valid > 0
