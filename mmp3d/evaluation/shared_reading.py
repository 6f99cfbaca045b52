"""One reading of a batch of data samples for all metrics of an evaluator that need the same of it."""

from __future__ import annotations

from collections.abc import Sequence

from mmp3d.evaluation.people_record import PeopleRecord


class SharedReading:
    """The last batch that was read, as records.

    An evaluator hands one list of samples to each of its metrics in turn. Metrics that read the same fields get the
    same records, by which :func:`functools.lru_cache` knows what else was computed for them. A metric that comes with
    the same list again gets it read anew: what is in the list may have changed.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Let go of the samples and records that are held."""
        self._samples: Sequence[dict] | None = None
        self._records: dict[tuple, list[PeopleRecord]] = {}
        self._readers: list[object] = []

    def records_of(
        self, samples: Sequence[dict], reader: object, pred_fields: tuple[str, ...], needs_root: bool
    ) -> list[PeopleRecord]:
        """Records of the samples for the metric ``reader``, see :meth:`PeopleRecord.from_sample`."""
        if samples is not self._samples or reader in self._readers:
            self.forget()
            self._samples = samples
        self._readers.append(reader)
        wanted = (pred_fields, needs_root)
        if wanted not in self._records:
            self._records[wanted] = [PeopleRecord.from_sample(sample, pred_fields, needs_root) for sample in samples]
        return self._records[wanted]


LAST_BATCH = SharedReading()
