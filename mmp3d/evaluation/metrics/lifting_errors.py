"""How well clips of one person each were lifted, frame by frame; mm and percent.

Shapes: T frames of a clip, K joints, E errors. Camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from mmengine.dist import get_world_size
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from mmp3d.evaluation.functional.pose_errors import mpjpe, pa_mpjpe, root_relative
from mmp3d.evaluation.people_record import Field, instance_field
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.geometry import MUPOTS17

ERRORS = {
    'MPJPE': 'root in the origin, mm',
    'PA-MPJPE': 'shift, rotation and size fitted to each pose, mm',
    'MPJPE-abs': 'camera space as predicted, mm',
    'velocity': 'root in the origin, step from one frame to the next, mm a frame',
    'root-depth': 'error of the root depth in percent of the depth',
}
# A shift, a rotation and a scale carry any two points onto any two others.
FEWEST_JOINTS = 3


@METRICS.register_module()
class LiftingErrors(BaseMetric):
    """Pose and root-depth errors of samples that are clips: their instances are the frames of one person.

    The metrics over people take a sample for an image; this one is for lifters, which see people one by one, already
    tracked: an item of the data set gives a sample for each of its people, or none. Scalars are means over all frames,
    and ``root-depth-median``. Items that a sampler hands out twice count twice (``round_up=False``: it does not).

    Args:
        collect_device: See :class:`mmengine.evaluator.BaseMetric`.
        prefix: Put before the names of the results; None: the metric's own name.
    """

    default_prefix = 'LiftingErrors'

    def __init__(self, collect_device: str = 'cpu', prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.report: dict = {}

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Measure clips in dict form; ``data_batch`` is not used.

        Raises:
            ValueError: A sample lacks a field.
        """
        joints = MUPOTS17.num_joints
        for sample in data_samples:
            pred = instance_field(sample, 'pred_instances', 'keypoints_cam', Field((joints, 3)), 'clip')
            gt = instance_field(sample, 'gt_instances', 'keypoints_cam', Field((joints, 3)), 'clip')
            valid = instance_field(sample, 'gt_instances', 'keypoints_3d_valid', Field((joints,)), 'clip')
            self.results.append(lifting_errors(pred, gt, valid > 0).astype(np.float32))

    def evaluate(self, size: int) -> dict[str, float]:
        """Scalars over all samples; see :meth:`mmengine.evaluator.BaseMetric.evaluate`.

        Args:
            size: Items of the data set. Not used: there are other numbers of samples.
        """
        # One result a process, so that none is taken for a sampler's padding and cut off.
        self.results = [self.results]
        return super().evaluate(get_world_size())

    def compute_metrics(self, results: list[list[np.ndarray]]) -> dict[str, float]:
        """Means over the frames of all clips, by ranks; logs a table and keeps it in ``report``."""
        results = list(chain.from_iterable(results))
        errors = np.concatenate([np.zeros((0, len(ERRORS)), np.float32), *results]).astype(np.float64)
        known = [column[~np.isnan(column)] for column in errors.T]
        scalars = {name: float(column.mean()) if len(column) else float('nan')
                   for name, column in zip(ERRORS, known, strict=True)}  # fmt: skip
        depth = known[list(ERRORS).index('root-depth')]
        scalars['root-depth-median'] = float(np.median(depth)) if len(depth) else float('nan')
        table = ScoreTable(f'{self.prefix}, mm and percent', ('', *scalars, 'clips', 'frames'),
                           (('all frames', (*scalars.values(), len(results), len(known[0]))),))  # fmt: skip
        self.report = {'protocol': ERRORS, 'tables': [table.to_dict()]}
        logger = MMLogger.get_current_instance()
        logger.info('\n'.join([*(f'  {name}: {choice}' for name, choice in ERRORS.items()), table.to_text(2)]))
        if not len(known[0]):
            logger.warning(f'{self.prefix}: no frame of {len(results)} clips has a valid root and {FEWEST_JOINTS} '
                           'valid joints, so every score is NaN; check keypoints_3d_valid')  # fmt: skip
        return scalars


def lifting_errors(pred: np.ndarray, gt: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """The errors of ``ERRORS`` in each frame of a clip.

    Args:
        pred: (T, K, 3) mm.
        gt: (T, K, 3) mm.
        valid: (T, K) bool; a frame without a valid root, or with fewer than three valid joints, has no errors.

    Returns:
        (T, E); NaN where there is none. The first frame of a clip has no velocity.
    """
    root = MUPOTS17.root_index
    valid = valid & valid[:, [root]]
    valid &= (valid.sum(axis=1) >= FEWEST_JOINTS)[:, None]
    relative = root_relative(pred, root), root_relative(gt, root)
    residuals = relative[0] - relative[1]
    velocity = np.full(len(pred), np.nan)
    velocity[1:] = mpjpe(np.diff(residuals, axis=0), 0.0, valid[1:] & valid[:-1])
    depth = np.where(valid[:, root] & (gt[:, root, 2] > 0), gt[:, root, 2], np.nan)
    columns = (
        mpjpe(*relative, valid),
        pa_mpjpe(*relative, valid),
        mpjpe(pred, gt, valid),
        velocity,
        100 * np.abs(pred[:, root, 2] - depth) / depth,
    )
    return np.stack(columns, axis=-1)
