"""AccelerationError: jitter of people over time, in mm per frame^2, beside the error of their velocity.

Shapes: F images, N annotated people of an image, M of a sequence, K = 14 joints, R tracks. Camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from mmp3d.evaluation.functional.padding import pad_people, split_people
from mmp3d.evaluation.functional.smoothness import track_errors, track_means
from mmp3d.evaluation.metrics.base import PeopleMetric
from mmp3d.evaluation.metrics.people_matching import match_records
from mmp3d.evaluation.people_record import SKELETONS, PeopleRecord
from mmp3d.evaluation.sequences import frame_step, has_track_ids, in_time_order
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.geometry import MUPOTS17

# Head top to ankles: by name the 14 joints of LSP, which HMMR and VIBE score.
JOINTS = slice(0, 14)
SCALARS = ('acceleration', 'velocity', 'coverage')


class SequenceErrors(NamedTuple):
    """Errors of one sequence.

    Args:
        acceleration: (M,) mm/frame^2, NaN where there is none.
        velocity: (R,) mean of each annotated track, mm/frame, NaN where there is none.
        possible: How many acceleration errors there would be if nobody were missed.
    """

    acceleration: np.ndarray
    velocity: np.ndarray
    possible: int


@METRICS.register_module()
class AccelerationError(PeopleMetric):
    """How much the accelerations and velocities of predicted joints differ from the annotated ones.

    Args:
        root_relative: Put both pelvises into the origin first (as HMMR and VIBE); else camera space is compared.
        skeleton: Annotation to compare with: ``'annot3'`` (true size) or ``'univ_annot3'``.
        collect_device: See :class:`PeopleMetric`.
        prefix: See :class:`PeopleMetric`.

    Raises:
        ValueError: ``skeleton`` is something else.
    """

    default_prefix = 'AccelerationError'
    variants = {'absolute': {'root_relative': False}, 'univ_annot3': {'skeleton': 'univ_annot3'}}
    pred_fields = ('keypoints', 'keypoints_cam')

    def __init__(
        self,
        root_relative: bool = True,
        skeleton: str = 'annot3',
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if skeleton not in SKELETONS:
            raise ValueError(f'AccelerationError: skeleton must be one of {sorted(SKELETONS)}, got {skeleton!r}')
        self.root_relative, self.skeleton = root_relative, skeleton

    @property
    def protocol(self) -> dict[str, str]:
        return {
            'annotation': self.skeleton,
            'position': 'relative to the pelvis' if self.root_relative else 'absolute camera space',
            'joints': '14 (head top to ankles)',
            'people matched by': '2D joints, frame by frame, as PCK; predicted ids play no part',
            'frame': "least difference of the sequence's frame numbers; a larger one is a gap",
            'acceleration': 'three frames of an annotated track in a row, all matched; mean over all such',
            'velocity': 'two frames of an annotated track in a row, both matched; mean of the means of the tracks',
            'missed people, gaps, unknown joints': 'cost nothing; see coverage',
            'coverage': 'share of the annotated rows of three frames that have an error',
        }

    def measure(self, records: Sequence[PeopleRecord]) -> list[dict]:
        """Track id and residual (prediction less annotation, mm) of each annotated person's joints."""
        residuals, gt_present = self._residuals(records)
        return [
            {
                'img_id': record.img_id,
                'seq_name': record.seq_name,
                'frame_id': record.info.get('frame_id'),
                'track_ids': record.gt['track_ids'],
                'residuals': image_residuals,
                'not_finite': int((~np.isfinite(record.pred['keypoints_cam'])).any(axis=(1, 2)).sum()),
            }
            for record, image_residuals in zip(records, split_people(residuals, gt_present), strict=True)
        ]

    def summarize(self, results: list[dict]) -> tuple[dict[str, float], list[ScoreTable]]:
        """Scalars ``acceleration`` (mm/frame^2), ``velocity`` (mm/frame), ``coverage`` (percent), table per sequence.

        Raises:
            ValueError: A frame number or an annotated track id is missing, or stands twice.
        """
        tracked = has_track_ids(results, 'track_ids', 'annotated')
        sequences = in_time_order(results) if tracked else {}
        errors = {name or 'all images': _sequence_errors(frames) for name, frames in sequences.items()}
        rows = [(name, _row([sequence])) for name, sequence in errors.items()]
        rows.append(('whole set', _row(list(errors.values()))))
        scalars = dict(zip(SCALARS, rows[-1][1], strict=False))
        self._warn_about(results, tracked, scalars)
        title = f'{self.prefix}, mm/frame^2, mm/frame and percent'
        return scalars, [ScoreTable(title, ('sequence', *SCALARS, 'tracks'), tuple(rows))]

    def _residuals(self, records: Sequence[PeopleRecord]) -> tuple[np.ndarray, np.ndarray]:
        """(people, K, 3) mm, NaN where nothing is known, and (F, N) bool: an annotated person is there."""
        pred, _ = pad_people([record.pred['keypoints_cam'] for record in records])
        gt, gt_present = pad_people([record.gt[SKELETONS[self.skeleton]] for record in records])
        valid, _ = pad_people([record.gt['keypoints_3d_valid'] for record in records])
        frames, people = np.nonzero(gt_present)
        chosen = match_records(records)[gt_present]
        found = np.flatnonzero(chosen >= 0)
        residuals = np.full((len(frames), *gt.shape[2:]), np.nan, np.float32)
        residuals[found] = pred[frames[found], chosen[found]] - gt[frames[found], people[found]]
        residuals[~np.isfinite(residuals) | (valid[gt_present] <= 0)[..., None]] = np.nan
        if self.root_relative:
            residuals -= residuals[:, MUPOTS17.root_index, None]
        return residuals[:, JOINTS], gt_present

    def _warn_about(self, results: list[dict], tracked: bool, scalars: dict[str, float]) -> None:
        logger = MMLogger.get_current_instance()
        not_finite = sum(result['not_finite'] for result in results)
        if not tracked:
            logger.warning(f'{self.prefix}: the data set has no track ids (all -1), so every score is NaN')
        elif np.isnan(scalars['coverage']):
            logger.warning(f'{self.prefix}: nobody is annotated in three frames in a row ({len(results)} images), so '
                           'the score is NaN; check the annotation file and `person_valid`')  # fmt: skip
        elif np.isnan(scalars['acceleration']):
            logger.warning(f'{self.prefix}: nobody was matched in three frames in a row, so the score is NaN')
        if not_finite:
            logger.warning(f'{self.prefix}: {not_finite} predicted people have joints that are not finite; '
                           'such joints were left out')  # fmt: skip


def _sequence_errors(frames: list[dict]) -> SequenceErrors:
    """Errors of a sequence from its images in time order."""
    counts = [len(frame['track_ids']) for frame in frames]
    residuals = np.concatenate([frame['residuals'] for frame in frames])
    names, track = np.unique(np.concatenate([frame['track_ids'] for frame in frames]), return_inverse=True)
    frame = np.repeat([frame['frame_id'] for frame in frames], counts)
    velocity, acceleration = track_errors(residuals, track, frame, frame_step(frames))
    _, possible = track_errors(np.zeros((len(track), 1, 3)), track, frame, frame_step(frames))
    return SequenceErrors(acceleration, track_means(velocity, track, len(names)), int(np.isfinite(possible).sum()))


def _row(sequences: list[SequenceErrors]) -> tuple[float, float, float, int]:
    """Mean acceleration error, mean over tracks of the velocity error, coverage in percent, tracks with a velocity."""
    acceleration, velocity = (
        np.concatenate([np.zeros(0), *(getattr(sequence, name) for sequence in sequences)])
        for name in ('acceleration', 'velocity')
    )
    acceleration, velocity = acceleration[np.isfinite(acceleration)], velocity[np.isfinite(velocity)]
    possible = sum(sequence.possible for sequence in sequences)
    coverage = 100 * len(acceleration) / possible if possible else np.nan
    means = (float(errors.mean()) if len(errors) else float('nan') for errors in (acceleration, velocity))
    return (*means, float(coverage), len(velocity))
