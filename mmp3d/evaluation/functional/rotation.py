"""The rotations that turn one set of points onto another best, in closed form for whole batches.

Shapes: ``...`` any leading dimensions, N pairs of point sets. Any unit.
"""

from __future__ import annotations

import numpy as np

# Next and last coordinate of x, y, z: what a cross product takes.
NEXT, LAST = np.array([1, 2, 0]), np.array([2, 0, 1])
# Newton's method doubles its digits each step from here on; pairs that need more steps are decomposed.
CONVERGED, MOST_STEPS = 1e-10, 30
# Where the best rotation is less distinct than this from the next best, digits would be lost.
LEAST_DISTINCT = 1e-2


def best_rotations(products: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotations R without reflection that make trace(R^T M) largest, M = source^T target.

    Nearly all are computed by FOAM (Markley, J. Astronautical Sciences 1993), five times faster than a singular value
    decomposition: the largest trace is the largest root of a quartic, and R is rational in it. Where the rotation is
    hardly determined (points on a line, mirror images), a decomposition takes over; there any best rotation may result.

    Args:
        products: (..., 3, 3) finite, see above; rows are coordinates of the source, columns of the target.

    Returns:
        (..., 3, 3) R, such that source @ R lies on the target, and (...) the largest trace.
    """
    flat = np.asarray(products, np.float64).reshape(-1, 3, 3)
    size = np.sqrt(np.einsum('nij,nij->n', flat, flat))
    unit = np.ascontiguousarray(np.moveaxis(flat, 0, -1)) / np.where(size > 0, size, 1.0)
    turns, traces, distinct = _foam(unit)
    rest = np.flatnonzero(~(distinct > LEAST_DISTINCT))
    turns = np.ascontiguousarray(np.moveaxis(turns, -1, 0))
    traces *= size
    if len(rest):
        turns[rest], traces[rest] = _decomposed(flat[rest])
    return turns.reshape(products.shape), traces.reshape(products.shape[:-2])


def _foam(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of (3, 3, N) products of Frobenius norm 1: (3, 3, N) rotations, (N,) traces, (N,) how distinct the best one is.

    The last one is (s1 + s2)(s2 + s3)(s3 + s1) of the singular values, s3 negative for a product that mirrors.
    """
    after, before = unit[NEXT], unit[LAST]
    cofactors = after[:, NEXT] * before[:, LAST] - after[:, LAST] * before[:, NEXT]
    determinant = (unit[0] * cofactors[0]).sum(axis=0)
    trace = _largest_root(determinant, 1 - 4 * np.einsum('ijn,ijn->n', cofactors, cofactors))
    half = (trace**2 - 1) / 2
    distinct = half * trace - determinant
    matrices = np.moveaxis(unit, -1, 0)
    cubes = np.moveaxis(matrices @ np.swapaxes(matrices, -1, -2) @ matrices, 0, -1)
    with np.errstate(divide='ignore', invalid='ignore'):
        return ((half + 1) * unit + trace * cofactors - cubes) / distinct, trace, distinct


def _largest_root(determinant: np.ndarray, constant: np.ndarray) -> np.ndarray:
    """(N,) largest root of t^4 - 2 t^2 - 8 determinant t + constant, by Newton's method from above all roots."""
    root = np.full(determinant.shape, np.sqrt(3.0))
    for _ in range(MOST_STEPS):
        square = root**2
        slope = 4 * (root * (square - 1) - 2 * determinant)
        value = (square - 2) * square - 8 * determinant * root + constant
        step = np.divide(value, slope, out=np.zeros_like(root), where=slope > 0)
        root -= step
        if np.abs(step).max(initial=0.0) < CONVERGED:
            break
    return root


def _decomposed(products: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As :func:`best_rotations`, by singular value decomposition of (N, 3, 3) products."""
    left, values, right = np.linalg.svd(products)
    signs = np.ones_like(values)
    signs[:, -1] = np.where(np.linalg.det(left) * np.linalg.det(right) < 0, -1.0, 1.0)
    return (left * signs[:, None, :]) @ right, (values * signs).sum(axis=-1)
