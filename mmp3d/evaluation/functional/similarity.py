"""Poses moved, turned and, if wanted, scaled onto others: Procrustes alignment of whole batches.

Shapes: ``...`` any leading dimensions, equal for all arguments, K joints. Any one unit and frame for both poses.
"""

from __future__ import annotations

import numpy as np


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
    """
    source, target, used = _checked(source, target, valid)
    source_mean, centred_source = _centred(source, used)
    target_mean, centred_target = _centred(target, used)
    left, values, right = np.linalg.svd(np.swapaxes(centred_source, -1, -2) @ centred_target)
    signs = np.ones_like(values)
    signs[..., -1] = np.where(np.linalg.det(left) * np.linalg.det(right) < 0, -1.0, 1.0)
    turn = (left * signs[..., None, :]) @ right
    if scale:
        size = (centred_source**2).sum(axis=(-1, -2))
        factor = np.divide((values * signs).sum(axis=-1), size, out=np.zeros_like(size), where=size > 0)
        turn *= factor[..., None, None]
    return (source - source_mean) @ turn + target_mean


def _checked(
    source: np.ndarray, target: np.ndarray, valid: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both poses as float64 and (..., K) bool, the joints that count."""
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    if source.ndim < 2 or source.shape[-1] != 3 or source.shape != target.shape:
        raise ValueError(f'source and target must both have shape (..., joints, 3), got {source.shape}, {target.shape}')
    used = np.ones(source.shape[:-1], bool) if valid is None else np.asarray(valid) > 0
    if used.shape != source.shape[:-1]:
        raise ValueError(f'valid must have shape {source.shape[:-1]}, got {used.shape}')
    return source, target, used


def _centred(poses: np.ndarray, used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(..., 1, 3) mean of the used joints, and (..., K, 3) the poses less the mean, zero where a joint is not used.

    Where a used joint is not finite, or none is used: NaN, and zeros, which a decomposition can take.
    """
    count = used.sum(axis=-1)[..., None, None]
    with np.errstate(invalid='ignore', divide='ignore'):
        mean = np.where(used[..., None], poses, 0.0).sum(axis=-2, keepdims=True) / count
        mean = np.where(np.isfinite(mean).all(axis=-1, keepdims=True), mean, np.nan)
        centred = np.where(used[..., None], poses - mean, 0.0)
    return mean, np.where(np.isfinite(mean), centred, 0.0)
