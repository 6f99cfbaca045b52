"""Registered metrics: thin collectors over ``mmp3d.evaluation.functional``."""

from mmp3d.evaluation.metrics.base import PeopleMetric
from mmp3d.evaluation.metrics.dump_predictions import DumpPredictions
from mmp3d.evaluation.metrics.joint_metric import JointMetric
from mmp3d.evaluation.metrics.pck import PCK, AUCrel, PCKabs
from mmp3d.evaluation.metrics.root_ap import RootAP

__all__ = ['PCK', 'AUCrel', 'DumpPredictions', 'JointMetric', 'PCKabs', 'PeopleMetric', 'RootAP']
