"""Metrics of saved predictions against a config's test data set, without network or images."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmpose.registry import DATASETS, METRICS

from mmp3d.datasets.ground_truth import ground_truth_instances
from mmp3d.evaluation.people_record import IMAGE_INFO_KEYS, PREDICTION_FIELDS

SHOWN_IMAGES = 3
NETWORK_ONLY = {'pipeline': [], 'pose2d_file': None, 'needs_images': False}


def evaluate_predictions(
    cfg: Config, predictions: Sequence[Mapping], evaluators: Sequence[dict]
) -> tuple[dict[str, float], dict[str, dict]]:
    """Compute metrics as a test run would.

    An image without a prediction counts as one where nobody was found; how many there are is logged.

    Args:
        cfg: Config with ``test_dataloader.dataset``; its pipeline is not run.
        predictions: As :func:`read_predictions` returns them, in any order.
        evaluators: Configs of the metrics, see :func:`select_evaluators`.

    Returns:
        Scalars by name, and for each metric its report: protocol and tables.

    Raises:
        ValueError: The config has no test data set, a prediction is for an image that the data set does not have, or
            two are for the same image.
    """
    dataset = build_annotations(cfg)
    found = pair_with_images(predictions, [_image_names(dataset.get_data_info(i)) for i in range(len(dataset))])
    without = len(dataset) - len(found)
    logger = MMLogger.get_current_instance()
    logger.info(f'{len(found)} of {len(dataset)} images have a prediction')
    if without:
        logger.warning(f'{without} images without a prediction count as images where nobody was found')
    evaluator = Evaluator([METRICS.build(config) for config in evaluators])
    evaluator.dataset_meta = dataset.metainfo
    scalars = evaluator.offline_evaluate(_Samples(dataset, predictions, found))
    logger.info(', '.join(f'{name}: {value:.4f}' for name, value in scalars.items()))
    return scalars, {metric.prefix: metric.report for metric in evaluator.metrics if hasattr(metric, 'report')}


def build_annotations(cfg: Config) -> BaseDataset:
    """The config's test data set without pipeline and input poses: reads annotations only.

    Raises:
        ValueError: The config has none.
    """
    dataloader = cfg.get('test_dataloader')
    if not dataloader or 'dataset' not in dataloader:
        raise ValueError(f'{cfg.filename or "the config"} has no test_dataloader.dataset to evaluate on')
    return DATASETS.build(_annotations_only(dataloader['dataset']))


def pair_with_images(predictions: Sequence[Mapping], items: Sequence[Mapping]) -> dict[int, int]:
    """Index of the prediction for each item that has one.

    Images are told apart by ``img_id``, or, where a prediction has none, by ``seq_name`` and ``frame_id``.

    Raises:
        ValueError: A prediction is for an unknown image, or contradicts the item in sequence or frame, or an image
            has two predictions.
    """
    by_id = {int(item['img_id']): index for index, item in enumerate(items)}
    by_frame = {(item.get('seq_name'), item.get('frame_id')): index for index, item in enumerate(items)}
    found, unknown = {}, []
    for number, image in enumerate(predictions):
        frame = (image['seq_name'], image['frame_id'])
        index = by_frame.get(frame) if image['img_id'] is None else by_id.get(int(image['img_id']))
        if index is None or not _same_frame(image, items[index]):
            unknown.append(image)
        elif index in found:
            raise ValueError(f'two predictions for {_name(image)}: entries {found[index]} and {number} of the file')
        else:
            found[index] = number
    if unknown:
        shown = '; '.join(map(_name, unknown[:SHOWN_IMAGES]))
        raise ValueError(
            f'{len(unknown)} of {len(predictions)} predictions are for images that the data set of {len(items)} images '
            f'does not have ({shown}); the file belongs to another data set, or ann_file and data_root of the config '
            'do not name the one it was made with'
        )
    return found


def write_results(path: str | os.PathLike, scalars: Mapping[str, float], reports: Mapping[str, dict]) -> None:
    """Write scalars, protocol choices and tables as JSON; a score that is not defined is null."""
    defined = {name: value if np.isfinite(value) else None for name, value in scalars.items()}
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({'scores': defined, 'reports': dict(reports)}, indent=1) + '\n', encoding='utf-8')


class _Samples:
    """Data samples in dict form, in the order of the data set; made one at a time."""

    def __init__(self, dataset: BaseDataset, predictions: Sequence[Mapping], found: Mapping[int, int]) -> None:
        self.dataset, self.predictions, self.found = dataset, predictions, found

    def __iter__(self) -> Iterator[dict]:
        nobody = {name: np.zeros((0, *field.shape), field.kind) for name, field in PREDICTION_FIELDS.items()}
        for index in range(len(self.dataset)):
            item = self.dataset.get_data_info(index)
            instances = self.predictions[self.found[index]]['instances'] if index in self.found else nobody
            truth = ground_truth_instances(item).to_dict()
            info = {key: item.get(key) for key in IMAGE_INFO_KEYS if key != 'frame_id'}
            if info['camera'] is not None:
                info['camera'] = info['camera'].to_dict()
            yield dict(info, **_image_names(item), pred_instances=instances, gt_instances=truth)


def _image_names(item: Mapping) -> dict:
    return {key: item.get(key) for key in ('img_id', 'seq_name', 'frame_id')}


def _same_frame(image: Mapping, item: Mapping) -> bool:
    known = [key for key in ('seq_name', 'frame_id') if image[key] is not None and item.get(key) is not None]
    return all(image[key] == item[key] for key in known)


def _name(image: Mapping) -> str:
    return f'img_id {image["img_id"]}, seq_name {image["seq_name"]!r}, frame_id {image["frame_id"]}'


def _annotations_only(node: Any) -> Any:
    """The dataset config without what only a network needs, also in data sets inside of a wrapper."""
    if isinstance(node, Mapping):
        return {key: NETWORK_ONLY[key] if key in NETWORK_ONLY else _annotations_only(node[key]) for key in node}
    return [_annotations_only(value) for value in node] if isinstance(node, (list, tuple)) else node
