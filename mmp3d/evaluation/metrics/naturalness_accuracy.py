"""How well a discriminator tells natural pairs of people from changed ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmpose.registry import METRICS

from mmp3d.evaluation.people_record import Field, instance_field

_FIELDS = ('naturalness', 'naturalness_changed', 'change')


@METRICS.register_module()
class NaturalnessAccuracy(BaseMetric):
    """Percent of pairs that are judged rightly at a threshold of 0.5; as many natural pairs as changed ones.

    ``displaced`` and ``turned`` are against one kind of change only. ``real-against-real`` calls every second natural
    pair changed: 50 unless something other than the people gives an answer away.

    Args:
        collect_device, prefix: See :class:`mmengine.evaluator.BaseMetric`.
    """

    default_prefix = 'NaturalnessAccuracy'

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Collect samples of :class:`DiscriminatorEstimator` in dict form; ``data_batch`` is not used.

        Raises:
            ValueError: A sample lacks a field.
        """
        for sample in data_samples:
            rows = [instance_field(sample, 'pred_instances', name, Field(()), 'batch of pairs') for name in _FIELDS]
            self.results.append(np.stack(rows, axis=-1).astype(np.float32))

    def compute_metrics(self, results: list[np.ndarray]) -> dict[str, float]:
        """Percent; NaN where there is no pair."""
        real, changed, change = np.concatenate([np.zeros((0, 3), np.float32), *results]).T
        return {
            'accuracy': _percent(real, changed),
            'displaced': _percent(real, changed[change == 0]),
            'turned': _percent(real, changed[change == 1]),
            'real-against-real': _percent(real[::2], real[1::2]),
        }


def _percent(natural: np.ndarray, changed: np.ndarray) -> float:
    if not len(natural) or not len(changed):
        return float('nan')
    return 50.0 * float((natural > 0.5).mean() + (changed <= 0.5).mean())
