"""Registered metrics: thin collectors over ``mmp3d.evaluation.functional``."""

from mmp3d.evaluation.metrics.base import PeopleMetric
from mmp3d.evaluation.metrics.crop_pck import CropPCK
from mmp3d.evaluation.metrics.dump_predictions import DumpPredictions
from mmp3d.evaluation.metrics.h36m_mpjpe import H36MMPJPE
from mmp3d.evaluation.metrics.joint_f1 import JointF1
from mmp3d.evaluation.metrics.joint_metric import JointMetric
from mmp3d.evaluation.metrics.lifting_errors import LiftingErrors
from mmp3d.evaluation.metrics.mpjpe import MPJPEMetric
from mmp3d.evaluation.metrics.multi_person_coco_metric import MultiPersonCocoMetric
from mmp3d.evaluation.metrics.naturalness_accuracy import NaturalnessAccuracy
from mmp3d.evaluation.metrics.ordinal_depth import OrdinalDepth
from mmp3d.evaluation.metrics.pck import PCK, AUCrel, PCKabs
from mmp3d.evaluation.metrics.pw3d_mpjpe import PW3DMPJPE
from mmp3d.evaluation.metrics.release import ReleaseAUC, ReleaseAUCabs, ReleasePCK, ReleasePCKabs
from mmp3d.evaluation.metrics.root_ap import RootAP
from mmp3d.evaluation.metrics.root_error import MRPE
from mmp3d.evaluation.metrics.smoothness import AccelerationError
from mmp3d.evaluation.metrics.tracking import Tracking3D

__all__ = [
    'AUCrel',
    'AccelerationError',
    'CropPCK',
    'DumpPredictions',
    'H36MMPJPE',
    'JointF1',
    'JointMetric',
    'LiftingErrors',
    'MPJPEMetric',
    'MRPE',
    'MultiPersonCocoMetric',
    'NaturalnessAccuracy',
    'OrdinalDepth',
    'PCK',
    'PCKabs',
    'PW3DMPJPE',
    'PeopleMetric',
    'ReleaseAUC',
    'ReleaseAUCabs',
    'ReleasePCK',
    'ReleasePCKabs',
    'RootAP',
    'Tracking3D',
]
