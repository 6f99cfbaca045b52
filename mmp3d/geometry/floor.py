"""The floor under people's feet, and the world frame that stands on it.

Shapes: P points. Millimetres; camera frame x right, y down, z forward; world frame x right, y forward, z up.
"""

from __future__ import annotations

import numpy as np

TRIALS = 300
INLIER = 60.0  # mm; feet leave the floor and depth is noisy
# A camera is rarely turned or rolled further than this from level; feet alone on a line leave the roll open.
STEEPEST = np.radians(60)
FEWEST_POINTS = 8
# Spread of the points beside their longest direction, mm: below, they show a line and no plane.
NARROWEST = 150.0


def fit_floor(feet: np.ndarray, seed: int = 0) -> tuple[np.ndarray, float]:
    """Robust plane through points of feet; most must touch the floor.

    Args:
        feet: (P, 3) mm, camera frame.
        seed: Of the random trials.

    Returns:
        Unit normal that points up (3,), and the offset: ``feet @ normal == offset`` on the floor.

    Raises:
        ValueError: Too few points, all on one line, or a plane that is no floor under a camera held upright.
    """
    feet = np.asarray(feet, np.float64)
    feet = feet[np.isfinite(feet).all(axis=-1)]
    if len(feet) < FEWEST_POINTS:
        raise ValueError(f'the floor needs at least {FEWEST_POINTS} places of feet, found {len(feet)}')
    if np.linalg.svd(feet - feet.mean(axis=0), full_matrices=False)[1][1] / np.sqrt(len(feet)) < NARROWEST:
        raise ValueError(
            f'the feet stay within {NARROWEST:.0f} mm of one line, which does not show how the floor lies; use a clip '
            'in which people stand or walk in more places, or stay in the camera frame'
        )
    picks = np.random.default_rng(seed).integers(len(feet), size=(TRIALS, 3))
    corners = feet[picks]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=-1, keepdims=True)
    normals = normals / np.maximum(lengths, 1e-9)
    normals *= np.where(normals[:, 1:2] > 0, -1, 1)  # the camera's y points down
    level = -normals[:, 1] > np.cos(STEEPEST)
    if not level.any():
        raise ValueError('no plane through the feet lies below the camera; stay in the camera frame')
    away = np.abs(np.einsum('pc,tc->tp', feet, normals) - np.einsum('tc,tc->t', corners[:, 0], normals)[:, None])
    credit = np.where(level, np.maximum(1 - away / INLIER, 0).sum(axis=1), -1)
    near = away[credit.argmax()] < INLIER
    return _least_squares(feet[near])


def _least_squares(points: np.ndarray) -> tuple[np.ndarray, float]:
    centre = points.mean(axis=0)
    normal = np.linalg.svd(points - centre, full_matrices=False)[2][-1]
    normal = -normal if normal[1] > 0 else normal
    return normal, float(normal @ centre)


def world_on_floor(normal: np.ndarray, offset: float) -> tuple[np.ndarray, np.ndarray]:
    """R (3, 3) and t (3,) from the world, whose origin is the floor below the camera, to the camera frame.

    World: z along ``normal``, y where the camera looks along the floor, x to its right.

    Raises:
        ValueError: The camera looks straight up or down.
    """
    forward = np.array([0.0, 0, 1]) - normal[2] * normal
    if np.linalg.norm(forward) < 1e-3:
        raise ValueError('the camera looks straight at the floor, which leaves open where forward is')
    forward /= np.linalg.norm(forward)
    rotation = np.stack([np.cross(forward, normal), forward, normal], axis=1)
    return rotation, normal * offset
