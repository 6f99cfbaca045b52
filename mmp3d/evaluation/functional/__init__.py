"""Metrics as pure functions: arrays in, numbers out, batched over people and frames."""

from mmp3d.evaluation.functional.association import ASSOCIATIONS, mutual_nearest, optimal_assignment
from mmp3d.evaluation.functional.bone_lengths import map_bone_lengths
from mmp3d.evaluation.functional.curves import CURVE_THRESHOLDS, area_under_curves, curves_to_dict, pck_curves
from mmp3d.evaluation.functional.joint_detection import (
    JointBag,
    bag_of_people,
    count_joints,
    count_people,
    count_within,
    detection_scores,
    nearest_pairs,
)
from mmp3d.evaluation.functional.mupots_matching import match_people
from mmp3d.evaluation.functional.nearest_matching import match_nearest, mean_joint_distances
from mmp3d.evaluation.functional.ordinal_depth import depth_order
from mmp3d.evaluation.functional.padding import pad_people, split_by_counts, split_people, sum_by_counts
from mmp3d.evaluation.functional.pck import (
    AUC_THRESHOLDS,
    JOINT_GROUPS,
    PCK_THRESHOLD,
    auc_credit,
    average_scores,
    joint_errors,
    mean_of_sequences,
    pck_credit,
    sequence_scores,
)
from mmp3d.evaluation.functional.pose_errors import (
    mpjpe,
    n_mpjpe,
    pa_mpjpe,
    root_relative,
    sequence_weighted_mean,
    velocity_error,
    weighted_mpjpe,
)
from mmp3d.evaluation.functional.pw3d_subsets import NAMED_SUBSETS, in_named_subset, largest_overlaps
from mmp3d.evaluation.functional.release_alignment import align_as_released, map_bone_lengths_as_ported
from mmp3d.evaluation.functional.release_depth import errors_on_rays, fit_depths, owners_by_match, owners_by_track, rays
from mmp3d.evaluation.functional.release_matching import match_people_by_shape
from mmp3d.evaluation.functional.root_ap import (
    average_precision,
    nearest_roots,
    precision_recall,
    rank_true_positives,
)
from mmp3d.evaluation.functional.root_error import nearest_poses, root_errors
from mmp3d.evaluation.functional.rotation import best_rotations
from mmp3d.evaluation.functional.similarity import align_similarity
from mmp3d.evaluation.functional.smoothness import track_errors, track_means
from mmp3d.evaluation.functional.tracking import TrackCounts, TrackedPeople, count_tracks, tracking_scores

__all__ = [
    'AUC_THRESHOLDS',
    'JOINT_GROUPS',
    'PCK_THRESHOLD',
    'auc_credit',
    'average_precision',
    'average_scores',
    'joint_errors',
    'mean_of_sequences',
    'map_bone_lengths',
    'match_people',
    'nearest_roots',
    'pad_people',
    'pck_credit',
    'precision_recall',
    'rank_true_positives',
    'sequence_scores',
    'split_by_counts',
    'split_people',
    'sum_by_counts',
    'ASSOCIATIONS',
    'mutual_nearest',
    'optimal_assignment',
    'JointBag',
    'bag_of_people',
    'count_joints',
    'count_people',
    'count_within',
    'detection_scores',
    'depth_order',
    'align_as_released',
    'map_bone_lengths_as_ported',
    'errors_on_rays',
    'fit_depths',
    'owners_by_match',
    'owners_by_track',
    'rays',
    'match_people_by_shape',
    'nearest_pairs',
    'nearest_poses',
    'root_errors',
    'track_errors',
    'track_means',
    'TrackCounts',
    'TrackedPeople',
    'count_tracks',
    'tracking_scores',
    'CURVE_THRESHOLDS',
    'area_under_curves',
    'curves_to_dict',
    'pck_curves',
    'match_nearest',
    'mean_joint_distances',
    'mpjpe',
    'n_mpjpe',
    'pa_mpjpe',
    'root_relative',
    'sequence_weighted_mean',
    'velocity_error',
    'weighted_mpjpe',
    'NAMED_SUBSETS',
    'in_named_subset',
    'largest_overlaps',
    'align_similarity',
    'best_rotations',
]
