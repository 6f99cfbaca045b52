"""What a lens does to the image of an ideal pinhole, and back.

Points n are normalised image points (X / Z, Y / Z), coefficients (k1, k2, p1, p2, k3). With r^2 = n.n, the radial part
d = k1 r^2 + k2 r^4 + k3 r^6 and t = (p2, p1), the lens moves n to n (1 + d + c t.n) + t r^2. The models differ in c: 2
in OpenCV's, 1 in that of Human3.6M. Shapes: ``...`` any leading dimensions.
"""

from __future__ import annotations

import numpy as np

MODELS = {'opencv': 2.0, 'h36m': 1.0}
MAX_STEPS = 50
STEP_ERROR = 1e-14  # below it, rounding
ACCEPTED_ERROR = 1e-10  # 1e-6 px at a focal length of 10,000 px


def distorted(points: np.ndarray, coefficients: np.ndarray, model: str) -> np.ndarray:
    """(..., 2) points of the pinhole to (..., 2) points of the lens; NaN beyond :func:`greatest_radius`."""
    inside = np.hypot(points[..., 0], points[..., 1]) <= greatest_radius(coefficients)
    return _moved(np.where(inside[..., None], points, np.nan), coefficients, model)[0]


def undistorted(points: np.ndarray, coefficients: np.ndarray, model: str) -> np.ndarray:
    """(..., 2) points of the lens to (..., 2) points of the pinhole, by Newton's method.

    Returns:
        The points that :func:`distorted` moves to ``points``, to 1e-10; NaN where there is none.
    """
    limit = greatest_radius(coefficients)
    # Where there is no way back the steps may run away; the last line sees to that.
    with np.errstate(over='ignore', invalid='ignore'):
        found = _found(points, limit, coefficients, model)
        error = np.abs(_moved(found, coefficients, model)[0] - points).max(axis=-1, keepdims=True)
    return np.where(error <= ACCEPTED_ERROR, found, np.nan)


def turned(coefficients: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Coefficients of the same lens after a rotation or mirroring of the image, ``turn`` (2, 2) orthogonal."""
    p2, p1 = turn @ coefficients[[3, 2]]
    return np.array([*coefficients[:2], p1, p2, coefficients[4]])


def greatest_radius(coefficients: np.ndarray) -> float:
    """Radius up to which the radial part pushes a point outwards that lies further out; infinite for many lenses.

    Beyond it the polynomial, fitted to what the image shows, folds the scene back into the image.
    """
    k1, k2, _, _, k3 = coefficients
    # In u = 1 / r^2, so that the leading coefficient is never zero.
    roots = np.roots([1, 3 * k1, 5 * k2, 7 * k3])
    turn = roots.real[np.abs(roots.imag) < 1e-9].max(initial=0)
    return 1 / float(np.sqrt(turn)) if turn > 0 else np.inf


def _found(points: np.ndarray, limit: float, coefficients: np.ndarray, model: str) -> np.ndarray:
    found = points * np.minimum(1, 0.9 * limit / np.maximum(_radius(points), 1e-12))
    for _ in range(MAX_STEPS):
        moved, slope = _moved(found, coefficients, model)
        error = moved - points
        if not (np.abs(error) > STEP_ERROR).any():
            break
        found = _kept_inside(found - _solved(slope, error), found, limit)
    return found


def _moved(points: np.ndarray, coefficients: np.ndarray, model: str) -> tuple[np.ndarray, np.ndarray]:
    """Where the lens moves points, (..., 2), and the derivative of that, (..., 2, 2)."""
    k1, k2, p1, p2, k3 = coefficients
    tangential, factor = np.array([p2, p1]), MODELS[model]
    square = (points**2).sum(axis=-1, keepdims=True)
    radial = 1 + square * (k1 + square * (k2 + square * k3))
    scale = radial + factor * (points * tangential).sum(axis=-1, keepdims=True)
    growth = 2 * (k1 + square * (2 * k2 + square * 3 * k3)) * points + factor * tangential
    slope = (
        scale[..., None] * np.eye(2)
        + points[..., :, None] * growth[..., None, :]
        + 2 * tangential[:, None] * points[..., None, :]
    )
    return points * scale + tangential * square, slope


def _solved(slope: np.ndarray, error: np.ndarray) -> np.ndarray:
    """slope^-1 error, finite where the slope is singular."""
    (a, b), (c, d) = np.moveaxis(slope, (-2, -1), (0, 1))
    x, y = np.moveaxis(error, -1, 0)
    area = a * d - b * c
    area = np.where(np.abs(area) < 1e-9, 1e-9, area)
    return np.stack([d * x - b * y, a * y - c * x], axis=-1) / area[..., None]


def _kept_inside(points: np.ndarray, before: np.ndarray, limit: float) -> np.ndarray:
    """A step that leaves the radius goes half of the way that is left to it."""
    radius = _radius(points)
    if not (radius > limit).any():
        return points
    return np.where(radius > limit, points * (_radius(before) + limit) / (2 * radius), points)


def _radius(points: np.ndarray) -> np.ndarray:
    return np.hypot(points[..., :1], points[..., 1:])
