"""Metrics under the names that papers use, and the prediction files that they can be computed from."""

from mmp3d.evaluation import metrics
from mmp3d.evaluation.metrics import *  # noqa: F403
from mmp3d.evaluation.predictions import read_predictions, write_predictions
from mmp3d.evaluation.selection import select_evaluators

__all__ = [*metrics.__all__, 'read_predictions', 'select_evaluators', 'write_predictions']
