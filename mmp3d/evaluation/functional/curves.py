"""PCK as a function of its threshold: the curve that AUC is the mean of.

Shapes: M people, K = 17 MuPoTS joints, S sequences, J joint groups, T thresholds. Millimetres.
"""

from __future__ import annotations

import numpy as np

from mmp3d.evaluation.functional.pck import AUC_THRESHOLDS, JOINT_GROUPS

CURVE_THRESHOLDS = np.arange(0.0, 201.0, 5.0)


def pck_curves(
    errors: np.ndarray,
    weight: np.ndarray,
    sequence: np.ndarray,
    num_sequences: int,
    average: str = 'sequences',
    thresholds: np.ndarray = CURVE_THRESHOLDS,
) -> np.ndarray:
    """PCK of each joint group at every threshold, averaged as :func:`average_scores` does.

    Errors are counted once, by the interval between two thresholds that they lie in, however many thresholds there
    are.

    Args:
        errors: (M, K) mm; NaN and infinity are never right.
        weight: (M, K) 1 for joints that count, else 0; or several such, (W, M, K), which share the counting.
        sequence: (M,) index of the sequence of each person.
        num_sequences: S.
        average: ``'sequences'`` or ``'pooled'``.
        thresholds: (T,) mm, ascending; a joint is right if its error is below.

    Returns:
        (J, T) in percent, or (W, J, T), rows as in ``JOINT_GROUPS``; NaN where nothing counts.
    """
    joints, steps = errors.shape[1], len(thresholds) + 1
    if average == 'pooled':
        sequence, num_sequences = np.zeros_like(sequence), 1
    first_wrong = np.searchsorted(thresholds, errors, side='right')
    cells = (sequence[:, None] * joints + np.arange(joints)) * steps + first_wrong
    cells, size = cells.ravel(), num_sequences * joints * steps
    several = weight if weight.ndim == 3 else weight[None]
    counts = [np.bincount(cells, of_joints.ravel(), size) for of_joints in several]
    counts = np.reshape(counts, (*weight.shape[:-2], num_sequences, joints, steps))
    groups = np.array([np.isin(np.arange(joints), members) for members in JOINT_GROUPS.values()], np.float64)
    right = groups @ counts.cumsum(axis=-1)[..., :-1]
    possible = groups @ counts.sum(axis=-1, keepdims=True)
    curves = np.divide(right, possible, out=np.zeros_like(right), where=possible > 0)
    known = (possible > 0).sum(axis=-3)
    total = curves.sum(axis=-3)
    return 100 * np.divide(total, known, out=np.full(total.shape, np.nan), where=known > 0)


def area_under_curves(curves: np.ndarray, thresholds: np.ndarray = CURVE_THRESHOLDS) -> np.ndarray:
    """(J,) mean of (J, T) curves over the thresholds up to 150 mm; on the default grid the official AUC."""
    return curves[:, thresholds <= AUC_THRESHOLDS[-1]].mean(axis=1)


def curves_to_dict(curves: np.ndarray, thresholds: np.ndarray = CURVE_THRESHOLDS) -> dict:
    """JSON-ready form of (J, T) curves: thresholds, PCK and AUC by joint group (None: not defined), AUC's end in mm."""
    areas = area_under_curves(curves, thresholds)
    return {
        'thresholds': thresholds.tolist(),
        'pck': dict(zip(JOINT_GROUPS, np.where(np.isnan(curves), None, curves).tolist(), strict=True)),
        'auc': dict(zip(JOINT_GROUPS, np.where(np.isnan(areas), None, areas).tolist(), strict=True)),
        'auc_to': float(AUC_THRESHOLDS[-1]),
    }
