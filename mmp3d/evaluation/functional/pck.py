"""Per-joint errors of matched people and the scores made of them: PCK, AUC, joint groups, sequences.

Shapes: M people of any frames, K = 17 MuPoTS joints, S sequences, J joint groups. Camera frame, millimetres.
"""

from __future__ import annotations

import numpy as np

from mmp3d.evaluation.functional.bone_lengths import map_bone_lengths, vector_lengths
from mmp3d.geometry import MUPOTS17

PCK_THRESHOLD = 150.0
AUC_THRESHOLDS = np.arange(0.0, 151.0, 5.0)
JOINT_GROUPS = {
    'head': (0,), 'neck': (1,), 'shoulders': (2, 5), 'elbows': (3, 6), 'wrists': (4, 7), 'hips': (8, 11),
    'knees': (9, 12), 'ankles': (10, 13), 'total': tuple(range(14))}  # fmt: skip


def joint_errors(
    pred: np.ndarray,
    gt: np.ndarray,
    gt_valid: np.ndarray | None = None,
    root_relative: bool = True,
    bone_map: bool = True,
) -> np.ndarray:
    """Distance of every predicted joint from the annotated one.

    Args:
        pred: (M, K, 3) mm, camera frame.
        gt: (M, K, 3) mm, camera frame.
        gt_valid: (M, K) truth values; None: all are valid.
        root_relative: Put both pelvises into the origin first; else positions are compared as they are.
        bone_map: Give the prediction the annotated bone lengths first.

    Returns:
        (M, K) mm, float64; NaN where the prediction is not finite.

    Examples:
        >>> gt = np.random.default_rng(0).normal(0, 300, (1, 17, 3)) + [0, 0, 4000]
        >>> pred = gt + [0, 0, 200]
        >>> pck_credit(joint_errors(pred, gt)).mean().item()
        1.0
        >>> pck_credit(joint_errors(pred, gt, root_relative=False)).mean().item()  # 200 mm are more than 150
        0.0
    """
    pred, gt = np.asarray(pred, np.float64), np.asarray(gt, np.float64)
    root = MUPOTS17.root_index
    if root_relative:
        pred, gt = pred - pred[:, root, None], gt - gt[:, root, None]
    if bone_map:
        pred = map_bone_lengths(pred, gt, gt_valid)
    return vector_lengths(pred - gt)


def pck_credit(errors: np.ndarray, threshold: float = PCK_THRESHOLD, inclusive: bool = False) -> np.ndarray:
    """1 where a joint is nearer than ``threshold`` mm (``inclusive``: or as near), else 0; NaN and inf are misses."""
    return (errors <= threshold if inclusive else errors < threshold).astype(np.float64)


def auc_credit(errors: np.ndarray, thresholds: np.ndarray = AUC_THRESHOLDS) -> np.ndarray:
    """Share of ``thresholds`` (ascending, mm) that each error is strictly below.

    The mean of this credit is the mean of the PCK curve over the grid. On the official grid 0, 5, ..., 150 no error
    is below the first threshold: a perfect prediction gets 30/31.
    """
    return 1 - np.searchsorted(thresholds, errors, side='right') / len(thresholds)


def sequence_scores(credit: np.ndarray, weight: np.ndarray, sequence: np.ndarray, num_sequences: int) -> np.ndarray:
    """Mean credit of each joint group in each sequence; every joint counts alike.

    Args:
        credit: (M, K) in [0, 1].
        weight: (M, K) 1 for joints that count, else 0.
        sequence: (M,) index of the sequence of each person.
        num_sequences: S.

    Returns:
        (S, J) in percent, columns as in ``JOINT_GROUPS``; NaN where nothing counts.
    """
    joints = credit.shape[1]
    places = (sequence[:, None] * joints + np.arange(joints)).ravel()
    totals = np.stack(
        [
            np.bincount(places, np.ravel(values), num_sequences * joints).reshape(num_sequences, joints)
            for values in (credit * weight, weight)
        ]
    )
    groups = np.zeros((joints, len(JOINT_GROUPS)))
    for column, members in enumerate(JOINT_GROUPS.values()):
        groups[list(members), column] = 1
    earned, possible = totals @ groups
    return 100 * np.divide(earned, possible, out=np.full_like(earned, np.nan), where=possible > 0)


def average_scores(
    credit: np.ndarray, weight: np.ndarray, sequence: np.ndarray, num_sequences: int, average: str = 'sequences'
) -> np.ndarray:
    """One score per joint group over all sequences.

    Args:
        credit: As for :func:`sequence_scores`.
        weight: As for :func:`sequence_scores`.
        sequence: As for :func:`sequence_scores`.
        num_sequences: S.
        average: ``'sequences'``: plain mean over sequences, those where nothing counts left out; ``'pooled'``: all
            joints of all sequences alike.

    Returns:
        (J,) in percent; NaN where nothing counts in any sequence.
    """
    if average == 'pooled':
        return sequence_scores(credit, weight, np.zeros_like(sequence), 1)[0]
    return mean_of_sequences(sequence_scores(credit, weight, sequence, num_sequences))


def mean_of_sequences(scores: np.ndarray) -> np.ndarray:
    """(S, J) scores to their (J,) plain means; what is NaN is left out, NaN where all is."""
    known = np.isfinite(scores)
    total, count = np.where(known, scores, 0).sum(axis=0), known.sum(axis=0)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
