"""Poses moved, turned and, if wanted, scaled onto others: Procrustes alignment of whole batches.

Shapes: ``...`` any leading dimensions, equal for all arguments, K joints. Any one unit and frame for both poses.
"""

from __future__ import annotations

import numpy as np

from mmp3d.evaluation.functional.rotation import best_rotations


def align_similarity(
    source: np.ndarray, target: np.ndarray, scale: bool = True, valid: np.ndarray | None = None
) -> np.ndarray:
    """Bring each source pose as near to its target pose as a shift, a rotation and a scale can, in least squares.

    A reflection is never used: where one would fit better, the rotation that fits best is taken. Every pair has a
    result: a source whose joints are all one point lands on the target's mean; a target whose joints are all one
    point shrinks the source to it (without ``scale`` the source is only shifted). A pair in which a joint that counts
    is not finite, or in which none counts, is NaN. Source: orthogonal Procrustes analysis as PA-MPJPE uses it; without
    ``scale`` the rigid alignment of PoseNet's Human3.6M protocol 1.

    Args:
        source: (..., K, 3).
        target: (..., K, 3).
        scale: Also fit the size; else the source keeps its own.
        valid: (..., K) truth values: joints that the fit uses, all joints are moved by it. None: all are used.

    Returns:
        (..., K, 3) float64: ``source`` aligned.

    Raises:
        ValueError: The shapes do not fit.

    Examples:
        >>> pose = np.random.default_rng(0).normal(0, 300, (17, 3))
        >>> bool(np.allclose(align_similarity(2 * pose[:, [1, 2, 0]] + 100, pose), pose))
        True
    """
    source, target, used = _checked(source, target, valid)
    source_mean, centred_source = _centred(source, used)
    target_mean, centred_target = _centred(target, used)
    turn, trace = best_rotations(np.swapaxes(centred_source, -1, -2) @ centred_target)
    if scale:
        size = np.einsum('...kc,...kc->...', centred_source, centred_source)
        turn *= np.divide(trace, size, out=np.zeros_like(size), where=size > 0)[..., None, None]
    moved = centred_source if used is None else source - source_mean
    return moved @ turn + np.where(np.isfinite(source_mean), target_mean, np.nan)


def _checked(
    source: np.ndarray, target: np.ndarray, valid: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Both poses as float64, and (..., K) bool, the joints that count; None where all do."""
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    if source.ndim < 2 or source.shape[-1] != 3 or source.shape != target.shape:
        raise ValueError(f'source and target must both have shape (..., joints, 3), got {source.shape}, {target.shape}')
    if valid is None:
        return source, target, None
    used = np.asarray(valid) > 0
    if used.shape != source.shape[:-1]:
        raise ValueError(f'valid must have shape {source.shape[:-1]}, got {used.shape}')
    return source, target, None if used.all() else used


def _centred(poses: np.ndarray, used: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """(..., 1, 3) mean of the used joints, and (..., K, 3) the poses less the mean, zero where a joint is not used.

    Where a used joint is not finite, or none is used: NaN, and zeros, which every decomposition can take.
    """
    if used is None:
        counted, count = poses, poses.shape[-2]
    else:
        counted, count = np.where(used[..., None], poses, 0.0), used.sum(axis=-1)[..., None, None]
    with np.errstate(invalid='ignore', divide='ignore'):
        mean = np.einsum('...kc->...c', counted)[..., None, :] / count
        centred = poses - mean
    finite = np.isfinite(mean).all(axis=-1, keepdims=True)
    if used is None and finite.all():
        return mean, centred
    kept = finite if used is None else finite & used[..., None]
    return np.where(finite, mean, np.nan), np.where(kept, centred, 0.0)
