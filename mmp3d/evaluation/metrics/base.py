"""The part that all metrics share: gather images, measure them in chunks, keep compact results, log a report."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger

from mmp3d.evaluation.people_record import PeopleRecord
from mmp3d.evaluation.sanity import check_extents, check_image_ids, check_track_ids, extents_of
from mmp3d.evaluation.shared_reading import LAST_BATCH
from mmp3d.evaluation.tables import ScoreTable

CHUNK_IMAGES = 256


@dataclass(frozen=True)
class ImageResult:
    """What a metric keeps of an image. Not a dict: mmengine would look for tensors in each, at twice the whole cost.

    Args:
        values: By name; numpy arrays, numbers and text.
    """

    values: dict


class PeopleMetric(BaseMetric):
    """Collector for metrics over the people of each image.

    A subclass says which prediction fields it needs (``pred_fields``) and whether people without a pelvis are left
    out (``needs_root``), turns a chunk of images into one small result per image (:meth:`measure`), and all results
    into scalars (:meth:`summarize`). Keeping exactly one result per image, in the order of the images, lets the base
    class merge several ranks and drop the samples that pad the last batch. Only the images of the current chunk are
    held as poses; metrics of one evaluator that read the same fields hold the same records. Mistakes in the data stop
    the evaluation, see :mod:`mmp3d.evaluation.sanity`: those that the first chunk shows at once, the others in the
    end.

    Args:
        collect_device: ``'cpu'`` or ``'gpu'``, see :class:`mmengine.evaluator.BaseMetric`.
        prefix: Put before the names of the results; None: the metric's own name.
    """

    pred_fields: tuple[str, ...] = ()
    needs_root = True
    # Options by the names that may follow the metric's own, as in PCK-annot3; see select_evaluators.
    variants: Mapping[str, Mapping[str, Any]] = {}

    def __init__(self, collect_device: str = 'cpu', prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.report: dict = {}
        self.curves: dict[str, dict] = {}
        self._pending: list[PeopleRecord] = []

    @property
    @abstractmethod
    def protocol(self) -> dict[str, str]:
        """Every choice that the number depends on, by name, for the log and the result file."""

    @abstractmethod
    def measure(self, records: tuple[PeopleRecord, ...]) -> list[dict]:
        """One result for each image, in order; arrays as small as the scores allow."""

    @abstractmethod
    def summarize(self, results: list[dict]) -> tuple[dict[str, float], list[ScoreTable]]:
        """Scalars by name, and tables for the log, from the results of all images (there may be none)."""

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Take a batch of data samples in dict form; ``data_batch`` is not used.

        Raises:
            ValueError: A sample lacks a field of the data contract.
        """
        self._pending += LAST_BATCH.records_of(data_samples, self, self.pred_fields, self.needs_root)
        if len(self._pending) >= CHUNK_IMAGES:
            self._measure_pending()

    def evaluate(self, size: int) -> dict[str, float]:
        """Scalars over the ``size`` images of the data set; see :meth:`mmengine.evaluator.BaseMetric.evaluate`."""
        self._measure_pending()
        LAST_BATCH.forget()
        return super().evaluate(size)

    def compute_metrics(self, results: list[ImageResult]) -> dict[str, float]:
        """Scalars from the results of all ranks; logs protocol and tables, and keeps both in ``report``.

        A metric that can be drawn leaves curves there as well, see :func:`mmp3d.visualization.curve_plot.plot_reports`.

        Raises:
            ValueError: An image was tested more than once, or units are mixed up.
        """
        results = sorted((result.values for result in results), key=lambda values: values['img_id'])
        check_image_ids([result['img_id'] for result in results])
        self._check_extents(results)
        scalars, tables = self.summarize(results)
        self.report = {'protocol': self.protocol, 'tables': [table.to_dict() for table in tables]}
        if self.curves:
            self.report['curves'] = self.curves
        choices = [f'  {name}: {choice}' for name, choice in self.protocol.items()]
        MMLogger.get_current_instance().info('\n'.join([self.prefix, *choices, *(table.to_text() for table in tables)]))
        return scalars

    def _measure_pending(self) -> None:
        if not self._pending:
            return
        records = tuple(self._pending)
        measured = zip(self.measure(records), _checked_extents(records), strict=True)
        results = [{**result, 'extents': extents} for result, extents in measured]
        if not self.results:
            self._check_extents(results)
        self.results += map(ImageResult, results)
        self._pending = []

    @staticmethod
    def _check_extents(results: Sequence[dict]) -> None:
        if results:
            check_extents(np.stack([result['extents'] for result in results]), [r['seq_name'] for r in results])


@lru_cache(maxsize=1)
def _checked_extents(records: tuple[PeopleRecord, ...]) -> np.ndarray:
    """(F, 4) extents of the images of a chunk, once their track ids are checked; metrics in turn ask for the same."""
    check_track_ids(records)
    return extents_of(records)
