"""Intrinsics of a pinhole camera from 3D points and the pixels where they are seen.

Shapes: N points. Camera frame in millimetres, pixels of the full image.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares

MIN_POINTS = 4
MIN_RAY_SPREAD = 1e-3


def fit_intrinsics(
    points_cam: np.ndarray, pixels: np.ndarray, outlier_px: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Fit u = fx X/Z + cx and v = fy Y/Z + cy by Huber-robust least squares.

    Args:
        points_cam: (N, 3) mm in the camera frame; points that are not finite or not in front are left out.
        pixels: (N, 2) px.
        outlier_px: Residual in pixels beyond which a point pulls with constant instead of growing force.

    Returns:
        (2,) focal lengths and (2,) principal point, float64 px.

    Raises:
        ValueError: Shapes do not fit, too few usable points, points on one vertical or horizontal line of sight, or
            a fit with a focal length that is not positive (the pixels are not a projection of the points).
    """
    points, pixels = np.asarray(points_cam, np.float64), np.asarray(pixels, np.float64)
    if points.ndim != 2 or points.shape[1] != 3 or pixels.shape != (len(points), 2):
        raise ValueError(f'need points (N, 3) and pixels (N, 2), got {points.shape} and {pixels.shape}')
    usable = np.isfinite(points).all(axis=1) & np.isfinite(pixels).all(axis=1)
    usable[usable] &= points[usable, 2] > 0
    if usable.sum() < MIN_POINTS:
        raise ValueError(f'need at least {MIN_POINTS} finite points in front of the camera, got {usable.sum()}')
    rays = points[usable, :2] / points[usable, 2:]
    if np.ptp(rays, axis=0).min() < MIN_RAY_SPREAD:
        raise ValueError('the points lie in one line of sight per axis; focal length cannot be told from them')
    lines = [_fit_line(rays[:, axis], pixels[usable, axis], outlier_px) for axis in (0, 1)]
    f, c = np.array(lines).T
    if not (f > 0).all():
        raise ValueError(f'fitted focal lengths {f.tolist()} are not positive; pixels and points do not match')
    return f, c


def _fit_line(ray: np.ndarray, pixel: np.ndarray, outlier_px: float) -> np.ndarray:
    design = np.stack([ray, np.ones_like(ray)], axis=1)
    start = np.linalg.lstsq(design, pixel, rcond=None)[0]
    fit = least_squares(
        lambda line: design @ line - pixel,
        start,
        jac=lambda line: design,
        loss='huber',
        f_scale=outlier_px,
        x_scale='jac',
        xtol=1e-12,
        ftol=1e-12,
        gtol=1e-12,
    )
    return fit.x
