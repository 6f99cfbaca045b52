"""What MRPE and OrdinalDepth share: sums and counts per image, and their ratios over sequences and the whole set.

Shapes: F images, C columns, S sequences.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmengine.logging import MMLogger

from mmp3d.evaluation.metrics.base import PeopleMetric
from mmp3d.evaluation.people_record import PeopleRecord
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.natural_order import natural_key

AVERAGES = ('sequences', 'pooled')


class RatioMetric(PeopleMetric):
    """Scores that are a sum over things divided by their number.

    The results of :meth:`measure` hold, beside ``img_id`` and ``seq_name``, ``totals`` and ``counts`` (C,), and
    ``not_finite``, the number of predicted people that cannot be used. What the last column counts is all that there
    is to score; a sequence without any is left out.

    Args:
        average: ``'pooled'``: one ratio for the whole set; ``'sequences'``: plain mean of the sequences' ratios.
        collect_device: See :class:`PeopleMetric`.
        prefix: See :class:`PeopleMetric`.

    Raises:
        ValueError: ``average`` is something else.
    """

    columns: tuple[str, ...] = ()
    things = ''
    units = ''

    def __init__(self, average: str, collect_device: str = 'cpu', prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if average not in AVERAGES:
            raise ValueError(f'{type(self).__name__}: average must be one of {sorted(AVERAGES)}, got {average!r}')
        self.average = average

    def summarize(self, results: list[dict]) -> tuple[dict[str, float], list[ScoreTable]]:
        """A scalar for each column, and a table per sequence."""
        totals, counts = (
            np.concatenate([np.zeros((0, len(self.columns))), *(result[name][None] for result in results)])
            for name in ('totals', 'counts')
        )
        numbers = np.array([result['seq_name'] for result in results])
        names = sorted({str(name) for name in numbers[counts[:, -1] > 0]}, key=natural_key)
        rows = [(name, *(array[numbers == name].sum(axis=0) for array in (totals, counts))) for name in names]
        ratios = np.array([_ratio(total, count) for _, total, count in rows]).reshape(-1, len(self.columns))
        mean = _ratio(totals.sum(axis=0), counts.sum(axis=0)) if self.average == 'pooled' else _mean_of_known(ratios)
        self._warn_about(results, mean, int(counts[:, -1].sum()))
        shown = [
            (name or 'all images', (*row, int(count[-1]))) for row, (name, _, count) in zip(ratios, rows, strict=True)
        ]
        shown.append(('pooled' if self.average == 'pooled' else 'mean', (*mean, int(counts[:, -1].sum()))))
        table = ScoreTable(f'{self.prefix}, {self.units}', ('sequence', *self.columns, self.things), tuple(shown))
        return dict(zip(self.columns, map(float, mean), strict=True)), [table]

    def _warn_about(self, results: list[dict], scores: np.ndarray, things: int) -> None:
        logger = MMLogger.get_current_instance()
        not_finite = sum(result['not_finite'] for result in results)
        undefined = [name for name, score in zip(self.columns, scores, strict=True) if np.isnan(score)]
        if not things:
            logger.warning(f'{self.prefix}: none of {len(results)} images has {self.things} to score, so every score '
                           'is NaN; check the annotation file and `person_valid`')  # fmt: skip
        elif undefined:
            logger.warning(f'{self.prefix}: no prediction matched, so these are NaN: {", ".join(undefined)}')
        if not_finite:
            logger.warning(f'{self.prefix}: {not_finite} predicted people have joints that are not finite; '
                           'such people count as missed')  # fmt: skip


def image_results(
    records: Sequence[PeopleRecord], totals: np.ndarray, counts: np.ndarray, not_finite: np.ndarray
) -> list[dict]:
    """What :meth:`RatioMetric.measure` returns, from (F, C) totals, (F, C) counts and (F,) unusable predictions."""
    return [
        {
            'img_id': record.img_id,
            'seq_name': record.seq_name,
            'totals': total,
            'counts': count,
            'not_finite': int(lost),
        }
        for record, total, count, lost in zip(records, totals, counts, not_finite, strict=True)
    ]


def _ratio(totals: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return np.divide(totals, counts, out=np.full(len(totals), np.nan), where=counts > 0)


def _mean_of_known(ratios: np.ndarray) -> np.ndarray:
    known = np.isfinite(ratios)
    return _ratio(np.where(known, ratios, 0.0).sum(axis=0), known.sum(axis=0))
