"""The part that all metrics share: gather images, measure them in chunks, keep compact results, log a report."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger

from mmp3d.evaluation.people_record import PeopleRecord
from mmp3d.evaluation.sanity import check_extents, check_image_ids, check_track_ids, extents_of
from mmp3d.evaluation.tables import ScoreTable

CHUNK_IMAGES = 256


class PeopleMetric(BaseMetric):
    """Collector for metrics over the people of each image.

    A subclass says which prediction fields it needs (``pred_fields``) and whether people without a pelvis are left
    out (``needs_root``), turns a chunk of images into one small result per image (:meth:`measure`), and all results
    into scalars (:meth:`summarize`). Keeping exactly one result per image, in the order of the images, lets the base
    class merge several ranks and drop the samples that pad the last batch. Only the images of the current chunk are
    held as poses. Mistakes in the data stop the evaluation, see :mod:`mmp3d.evaluation.sanity`: those that the first
    chunk shows at once, the others in the end.

    Args:
        collect_device: ``'cpu'`` or ``'gpu'``, see :class:`mmengine.evaluator.BaseMetric`.
        prefix: Put before the names of the results; None: the metric's own name.
    """

    pred_fields: tuple[str, ...] = ()
    needs_root = True

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
    def measure(self, records: Sequence[PeopleRecord]) -> list[dict]:
        """One result for each image, in order; arrays as small as the scores allow."""

    @abstractmethod
    def summarize(self, results: list[dict]) -> tuple[dict[str, float], list[ScoreTable]]:
        """Scalars by name, and tables for the log, from the results of all images (there may be none)."""

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Take a batch of data samples in dict form; ``data_batch`` is not used.

        Raises:
            ValueError: A sample lacks a field of the data contract.
        """
        self._pending += [
            PeopleRecord.from_sample(sample, self.pred_fields, self.needs_root) for sample in data_samples
        ]
        if len(self._pending) >= CHUNK_IMAGES:
            self._measure_pending()

    def evaluate(self, size: int) -> dict[str, float]:
        """Scalars over the ``size`` images of the data set; see :meth:`mmengine.evaluator.BaseMetric.evaluate`."""
        self._measure_pending()
        return super().evaluate(size)

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Scalars from the results of all ranks; logs protocol and tables, and keeps both in ``report``.

        A metric that can be drawn leaves curves there as well, see :func:`mmp3d.visualization.curve_plot.plot_reports`.

        Raises:
            ValueError: An image was tested more than once, or units are mixed up.
        """
        results = sorted(results, key=lambda result: result['img_id'])
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
        check_track_ids(self._pending)
        extents = extents_of(self._pending)
        results = self.measure(self._pending)
        for result, of_image in zip(results, extents, strict=True):
            result['extents'] = of_image
        if not self.results:
            self._check_extents(results)
        self.results += results
        self._pending = []

    @staticmethod
    def _check_extents(results: Sequence[dict]) -> None:
        if results:
            check_extents(np.stack([result['extents'] for result in results]), [r['seq_name'] for r in results])
