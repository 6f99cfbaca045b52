"""Tracking3D: IDF1, MOTA, MOTP, id switches and fragmentations on the distance of the pelvis in camera space.

Shapes: N people of an image. Camera frame, millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from mmp3d.evaluation.functional.tracking import TrackCounts, TrackedPeople, count_tracks, tracking_scores
from mmp3d.evaluation.metrics.base import PeopleMetric
from mmp3d.evaluation.people_record import PeopleRecord
from mmp3d.evaluation.sequences import has_track_ids, in_time_order
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.geometry import MUPOTS17

SIDES = {'gt': 'annotated', 'pred': 'predicted'}
SCALARS = ('IDF1', 'MOTA', 'MOTP', 'switches', 'fragmentations', 'misses', 'false_positives')


@METRICS.register_module()
class Tracking3D(PeopleMetric):
    """Are people found, and do they keep their ids?

    Args:
        gate: mm; people whose pelvises are farther apart are never paired.
        collect_device: See :class:`PeopleMetric`.
        prefix: See :class:`PeopleMetric`.

    Raises:
        ValueError: ``gate`` is not a positive number of mm.
    """

    default_prefix = 'Tracking3D'
    pred_fields = ('root_cam', 'track_ids')

    def __init__(self, gate: float = 500.0, collect_device: str = 'cpu', prefix: str | None = None) -> None:
        if not 0 < gate < np.inf:
            raise ValueError(f'Tracking3D: gate must be a positive number of mm, got {gate!r}')
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.gate = gate

    @property
    def protocol(self) -> dict[str, str]:
        return {
            'people that count': 'valid annotated people with a pelvis; all predictions with a finite root',
            'distance': f'pelvis in camera space, at most {self.gate:g} mm',
            'who stands for whom': 'a person keeps the id of its latest match; then most pairs, least distance',
            'id switch': "another id than at the person's latest match, however long ago",
            'fragmentation': 'a run of misses between two matches of a person',
            'MOTA': '1 - (misses + false positives + switches) / annotated people',
            'MOTP': 'mean distance of the matches in mm, lower is better',
            'IDF1': 'one assignment of whole tracks in each sequence, most frames within the distance',
            'whole set': 'counts of all sequences; ids of different sequences have nothing to do with each other',
        }

    def measure(self, records: Sequence[PeopleRecord]) -> list[dict]:
        """Ids and roots of each image; how they belong together only shows over the whole sequence."""
        return [_image_tracks(record) for record in records]

    def summarize(self, results: list[dict]) -> tuple[dict[str, float], list[ScoreTable]]:
        """Scalars ``IDF1`` and ``MOTA`` in percent, ``MOTP`` in mm, counts, and a table per sequence.

        Raises:
            ValueError: A frame number or a track id is missing, or stands twice; the message names sequence and frame.
        """
        if not self._can_be_scored(results):
            return dict.fromkeys(SCALARS, float('nan')), []
        counts = {
            name or 'all images': count_tracks(_people(frames, 'gt'), _people(frames, 'pred'), self.gate)
            for name, frames in in_time_order(results).items()
        }
        total = (sum(getattr(row, name) for row in counts.values()) for name in TrackCounts._fields)
        counts['whole set'] = TrackCounts(*total)
        scores = {name: _scores(row) for name, row in counts.items()}
        rows = tuple((name, tuple(row.values())) for name, row in scores.items())
        table = ScoreTable(f'{self.prefix}, percent, MOTP in mm, counts', ('sequence', *scores['whole set']), rows)
        return {name: scores['whole set'][name] for name in SCALARS}, [table]

    def _can_be_scored(self, results: list[dict]) -> bool:
        """Whether both sides have ids; logs what is wrong otherwise, and what the numbers do not show."""
        logger = MMLogger.get_current_instance()
        tracked = {name: has_track_ids(results, f'{side}_ids', name) for side, name in SIDES.items()}
        if not tracked['annotated']:
            logger.warning(f'{self.prefix}: the data set has no track ids (all -1), so every score is NaN')
        elif not tracked['predicted']:
            logger.warning(f'{self.prefix}: the predictions have no track ids (all -1), so every score is NaN; add a '
                           'tracker to the model of the config, or `track_ids` to the prediction file')  # fmt: skip
        elif not any(len(result['gt_ids']) for result in results):
            logger.warning(f'{self.prefix}: none of {len(results)} images has an annotated person with a valid pelvis, '
                           'so IDF1, MOTA and MOTP are NaN; check the annotation file')  # fmt: skip
        not_finite = sum(result['not_finite'] for result in results)
        if not_finite:
            logger.warning(f'{self.prefix}: {not_finite} predicted people have a root that is not finite; left out')
        return all(tracked.values())


def _image_tracks(record: PeopleRecord) -> dict:
    finite = np.isfinite(record.pred['root_cam']).all(axis=-1)
    return {
        'img_id': record.img_id,
        'seq_name': record.seq_name,
        'frame_id': record.info.get('frame_id'),
        'gt_ids': record.gt['track_ids'],
        'gt_roots': record.gt['keypoints_cam'][:, MUPOTS17.root_index],
        'pred_ids': record.pred['track_ids'][finite],
        'pred_roots': record.pred['root_cam'][finite],
        'not_finite': int((~finite).sum()),
    }


def _people(frames: list[dict], side: str) -> TrackedPeople:
    return TrackedPeople([frame[f'{side}_ids'] for frame in frames], [frame[f'{side}_roots'] for frame in frames])


def _scores(counts: TrackCounts) -> dict[str, float]:
    """A table row by column name."""
    scores = tracking_scores(counts)
    return {
        **{name: score * (1 if name == 'MOTP' else 100) for name, score in scores.items()},
        'switches': counts.switches,
        'fragmentations': counts.fragmentations,
        'misses': counts.people - counts.matches,
        'false_positives': counts.predictions - counts.matches,
        'people': counts.people,
    }
