"""Metrics as pure functions: arrays in, numbers out, batched over people and frames."""

from mmp3d.evaluation.functional.bone_lengths import map_bone_lengths
from mmp3d.evaluation.functional.mupots_matching import match_people
from mmp3d.evaluation.functional.padding import pad_people, split_people
from mmp3d.evaluation.functional.pck import (
    AUC_THRESHOLDS,
    JOINT_GROUPS,
    PCK_THRESHOLD,
    auc_credit,
    average_scores,
    joint_errors,
    pck_credit,
    sequence_scores,
)
from mmp3d.evaluation.functional.root_ap import (
    average_precision,
    nearest_roots,
    precision_recall,
    rank_true_positives,
)

__all__ = [
    'AUC_THRESHOLDS',
    'JOINT_GROUPS',
    'PCK_THRESHOLD',
    'auc_credit',
    'average_precision',
    'average_scores',
    'joint_errors',
    'map_bone_lengths',
    'match_people',
    'nearest_roots',
    'pad_people',
    'pck_credit',
    'precision_recall',
    'rank_true_positives',
    'sequence_scores',
    'split_people',
]
