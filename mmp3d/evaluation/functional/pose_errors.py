"""Mean joint errors of poses under the alignments that Human3.6M and 3DPW results are reported with.

Shapes: ``...`` any leading dimensions, equal for all arguments, K joints of any joint set, T frames of one sequence,
N frames of several sequences. Any one unit and frame. Every function gives one number a pose; a benchmark's figure is
the mean of them. Nothing is centred here except by :func:`root_relative`. Definitions as in VideoPose3D
(Pavllo et al., CVPR 2019).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmp3d.evaluation.functional.bone_lengths import vector_lengths
from mmp3d.evaluation.functional.similarity import align_similarity


def root_relative(poses: np.ndarray, root: int | Sequence[int]) -> np.ndarray:
    """(..., K, 3) poses with joint ``root``, or the mean of these joints, in the origin; float64."""
    poses = np.asarray(poses, np.float64)
    return poses - poses[..., np.atleast_1d(root), :].mean(axis=-2, keepdims=True)


def mpjpe(pred: np.ndarray, gt: np.ndarray, valid: np.ndarray | None = None) -> np.ndarray:
    """Mean distance of a pose's joints from the annotated ones.

    Args:
        pred: (..., K, 3).
        gt: (..., K, 3).
        valid: (..., K) truth values: joints that count. None: all do.

    Returns:
        (...) float64; NaN where a joint that counts is not finite, or none counts.

    Examples:
        >>> pose = np.random.default_rng(0).normal(0, 300, (1, 17, 3))
        >>> mpjpe(pose + [30, 0, 40], pose).round(6).tolist()
        [50.0]
        >>> mpjpe(root_relative(pose + [30, 0, 40], 14), root_relative(pose, 14)).round(6).tolist()
        [0.0]
    """
    with np.errstate(invalid='ignore'):
        distances = vector_lengths(np.asarray(pred, np.float64) - gt)
    if valid is None:
        return distances.mean(axis=-1)
    used = np.asarray(valid) > 0
    count = used.sum(axis=-1)
    total = np.where(used, distances, 0.0).sum(axis=-1)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def pa_mpjpe(pred: np.ndarray, gt: np.ndarray, valid: np.ndarray | None = None, scale: bool = True) -> np.ndarray:
    """MPJPE after each pose is aligned by shift, rotation and (``scale``) size; see :func:`align_similarity`.

    Examples:
        >>> pose = np.random.default_rng(0).normal(0, 300, (1, 17, 3))
        >>> turned = 1.2 * pose[..., [1, 2, 0]] + 500  # turned about the diagonal, larger and elsewhere
        >>> pa_mpjpe(turned, pose).round(6).tolist()
        [0.0]
        >>> bool(pa_mpjpe(turned, pose, scale=False)[0] > 50)  # the size stays wrong
        True
    """
    return mpjpe(align_similarity(pred, gt, scale, valid), gt, valid)


def n_mpjpe(pred: np.ndarray, gt: np.ndarray, valid: np.ndarray | None = None) -> np.ndarray:
    """MPJPE after each pose is multiplied by the factor that brings it nearest to the annotation, in least squares.

    The factor may be negative. For a pose in which every joint is the origin it is 0. Arguments and result as for
    :func:`mpjpe`.
    """
    pred, gt = np.asarray(pred, np.float64), np.asarray(gt, np.float64)
    used = np.ones(pred.shape[:-1], bool) if valid is None else np.asarray(valid) > 0
    with np.errstate(invalid='ignore'):
        product, size = (np.where(used, (other * pred).sum(axis=-1), 0.0).sum(axis=-1) for other in (gt, pred))
        factor = np.divide(product, size, out=np.zeros_like(size), where=size != 0)
        return mpjpe(pred * factor[..., None, None], gt, valid)


def weighted_mpjpe(pred: np.ndarray, gt: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mean over a pose's joints of weight times distance, *not* divided by the sum of the weights.

    Args:
        pred: (..., K, 3).
        gt: (..., K, 3).
        weight: Broadcast to (..., K), for example (..., 1): one weight a pose.

    Returns:
        (...) float64.
    """
    return (np.asarray(weight, np.float64) * vector_lengths(np.asarray(pred, np.float64) - gt)).mean(axis=-1)


def velocity_error(pred: np.ndarray, gt: np.ndarray) -> np.ndarray:
    """Mean distance of the joints' steps from one frame to the next; unit of the poses per frame.

    Args:
        pred: (..., T, K, 3) consecutive frames.
        gt: (..., T, K, 3).

    Returns:
        (..., T - 1) float64; no entry for a single frame.
    """
    return mpjpe(np.diff(np.asarray(pred, np.float64), axis=-3), np.diff(np.asarray(gt, np.float64), axis=-3))


def sequence_weighted_mean(values: np.ndarray, sequence: np.ndarray, counted: np.ndarray) -> float:
    """Mean of the sequences' means, each weighted by its number of poses: how VideoPose3D averages velocity errors.

    Args:
        values: (N,) NaN where there is none; a sequence without values is left out.
        sequence: (N,) index of each value's sequence.
        counted: (N,) truth values: poses that count in the weight.

    Returns:
        In the unit of ``values``; NaN if there are none.
    """
    known = ~np.isnan(values)
    total = np.bincount(sequence, np.where(known, values, 0.0))
    size = np.bincount(sequence, known)
    weight = np.bincount(sequence, counted, minlength=len(size)) * (size > 0)
    means = total / np.maximum(size, 1)
    return float((means * weight).sum() / weight.sum()) if weight.any() else float('nan')
