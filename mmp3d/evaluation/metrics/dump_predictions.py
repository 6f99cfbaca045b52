"""Saves the predictions of a test run, so that every metric can be computed again without the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from mmp3d.evaluation.people_record import PREDICTION_FIELDS, instance_field
from mmp3d.evaluation.predictions import IMAGE_KEYS, REQUIRED_FIELDS, check_prediction_path, write_predictions


@METRICS.register_module()
class DumpPredictions(BaseMetric):
    """Writes all predictions to one file in the end; reports no number.

    Args:
        out_file: ``*.json`` or ``*.json.gz``, see docs/predictions.md.
        collect_device: See :class:`mmengine.evaluator.BaseMetric`.

    Raises:
        ValueError: The name has another ending (said before the run, not after it).
    """

    def __init__(self, out_file: str, collect_device: str = 'cpu') -> None:
        super().__init__(collect_device=collect_device)
        self.out_file = check_prediction_path(out_file)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the predictions of a batch as arrays; ``data_batch`` is not used."""
        self.results += [_image(sample) for sample in data_samples]

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Write the file; returns no scalars."""
        write_predictions(self.out_file, results)
        MMLogger.get_current_instance().info(f'predictions of {len(results)} images written to {self.out_file}')
        return {}


def _image(sample: dict) -> dict:
    where = f'image {sample.get("img_id", sample.get("img_path", "?"))}'
    names = [name for name in PREDICTION_FIELDS if name in REQUIRED_FIELDS or name in sample['pred_instances']]
    instances = {name: instance_field(sample, 'pred_instances', name, PREDICTION_FIELDS[name], where) for name in names}
    return {key: sample.get(key) for key in IMAGE_KEYS} | {'instances': instances}
