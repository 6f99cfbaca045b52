"""Metrics of saved predictions against a config's test data set, without network or images."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.dist import get_dist_info
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmpose.registry import DATASETS, METRICS

from mmp3d.datasets.ground_truth import ground_truth_instances
from mmp3d.evaluation.people_record import IMAGE_INFO_KEYS, PREDICTION_FIELDS

NETWORK_ONLY = {'pipeline': [], 'pose2d_file': None, 'needs_images': False}


def evaluate_predictions(
    cfg: Config, predictions: Iterable[Mapping], evaluators: Sequence[dict]
) -> tuple[dict[str, float], dict[str, dict]]:
    """Compute metrics as a test run would; of several processes each takes a part of the images.

    An image without a prediction counts as one where nobody was found; how many there are is logged.

    Args:
        cfg: Config with ``test_dataloader.dataset``; its pipeline is not run.
        predictions: As :func:`iterate_predictions` yields them, in any order; they are held one at a time.
        evaluators: Configs of the metrics, see :func:`select_evaluators`.

    Returns:
        Scalars by name, and for each metric its report: protocol and tables (empty but in the main process).

    Raises:
        ValueError: The config has no test data set, a prediction is for an image that the data set does not have, or
            two are for the same image.
    """
    dataset = build_annotations(cfg)
    evaluator = Evaluator([METRICS.build(config) for config in evaluators])
    evaluator.dataset_meta = dataset.metainfo
    for sample in data_samples(dataset, predictions, *get_dist_info()):
        evaluator.process([sample])
    scalars = evaluator.evaluate(len(dataset))
    logger = MMLogger.get_current_instance()
    logger.info(', '.join(f'{name}: {value:.4f}' for name, value in scalars.items()))
    return scalars, collect_reports(evaluator)


def collect_reports(evaluator: Evaluator) -> dict[str, dict]:
    """Protocol, tables and curves of every metric of an evaluator that has some, by the metric's prefix."""
    return {metric.prefix: metric.report for metric in evaluator.metrics if hasattr(metric, 'report')}


def build_annotations(cfg: Config) -> BaseDataset:
    """The config's test data set without pipeline and input poses: reads annotations only.

    Raises:
        ValueError: The config has none.
    """
    dataloader = cfg.get('test_dataloader')
    if not dataloader or 'dataset' not in dataloader:
        raise ValueError(f'{cfg.filename or "the config"} has no test_dataloader.dataset to evaluate on')
    return DATASETS.build(_annotations_only(dataloader['dataset']))


def data_samples(
    dataset: BaseDataset, predictions: Iterable[Mapping], rank: int = 0, world_size: int = 1
) -> Iterator[dict]:
    """Data samples in dict form, one at a time: first the images with a prediction, in its order, then the others.

    Args:
        dataset: Gives the annotations.
        predictions: See :func:`evaluate_predictions`.
        rank: Of all images, every ``world_size``-th from this number on is made.
        world_size: Number of processes.

    Raises:
        ValueError: See :class:`ImageIndex`.
    """
    images = ImageIndex([_image_names(dataset.get_data_info(index)) for index in range(len(dataset))])
    nobody = {name: np.zeros((0, *field.shape), field.kind) for name, field in PREDICTION_FIELDS.items()}
    for prediction in predictions:
        index = images.find(prediction)
        if index % world_size == rank:
            yield _data_sample(dataset.get_data_info(index), prediction['instances'])
    without = images.not_found()
    logger = MMLogger.get_current_instance()
    logger.info(f'{len(dataset) - len(without)} of {len(dataset)} images have a prediction')
    if without:
        logger.warning(f'{len(without)} images without a prediction count as images where nobody was found')
    for index in without:
        if index % world_size == rank:
            yield _data_sample(dataset.get_data_info(index), nobody)


class ImageIndex:
    """Finds the image of a data set that a prediction is for.

    Images are told apart by ``img_id``, or, where a prediction has none, by ``seq_name`` and ``frame_id``.

    Args:
        items: These three of each image, in the order of the data set.
    """

    def __init__(self, items: Sequence[Mapping]) -> None:
        self._items = items
        self._by_id = {int(item['img_id']): index for index, item in enumerate(items)}
        self._by_frame = {(item.get('seq_name'), item.get('frame_id')): index for index, item in enumerate(items)}
        self._found: dict[int, int] = {}
        self._asked = 0

    def find(self, image: Mapping) -> int:
        """Index of the image; it can be found once.

        Raises:
            ValueError: The data set has no such image, or has it in another sequence or frame, or it was found before.
        """
        number, self._asked = self._asked, self._asked + 1
        frame = (image['seq_name'], image['frame_id'])
        index = self._by_frame.get(frame) if image['img_id'] is None else self._by_id.get(int(image['img_id']))
        if index is None or not _same_frame(image, self._items[index]):
            raise ValueError(
                f'entry {number} of the predictions is for an image that the data set of {len(self._items)} images '
                f'does not have ({_name(image)}); the file belongs to another data set, or ann_file and data_root of '
                'the config do not name the one it was made with'
            )
        if index in self._found:
            raise ValueError(f'two predictions for {_name(image)}: entries {self._found[index]} and {number}')
        self._found[index] = number
        return index

    def not_found(self) -> list[int]:
        """Indices of the images that no prediction was for."""
        return [index for index in range(len(self._items)) if index not in self._found]


def write_results(path: str | os.PathLike, scalars: Mapping[str, float], reports: Mapping[str, dict]) -> None:
    """Write scalars, protocol choices and tables as JSON; a score that is not defined is null."""
    defined = {name: value if np.isfinite(value) else None for name, value in scalars.items()}
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({'scores': defined, 'reports': dict(reports)}, indent=1) + '\n', encoding='utf-8')


def _data_sample(item: Mapping, instances: Mapping[str, np.ndarray]) -> dict:
    truth = ground_truth_instances(item).to_dict()
    info = {key: item.get(key) for key in IMAGE_INFO_KEYS if key != 'frame_id'}
    if info['camera'] is not None:
        info['camera'] = info['camera'].to_dict()
    return dict(info, **_image_names(item), pred_instances=instances, gt_instances=truth)


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
