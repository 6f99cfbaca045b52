"""Metrics under the names that papers use, and the prediction files that they can be computed from."""

from mmp3d.evaluation.metrics import PCK, AUCrel, DumpPredictions, PCKabs, RootAP
from mmp3d.evaluation.predictions import read_predictions, write_predictions
from mmp3d.evaluation.selection import select_evaluators

__all__ = [
    'PCK',
    'AUCrel',
    'DumpPredictions',
    'PCKabs',
    'RootAP',
    'read_predictions',
    'select_evaluators',
    'write_predictions',
]
