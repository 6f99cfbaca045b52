"""Velocity and acceleration error of people over time: what jitter costs.

Shapes: M annotated people of all frames, K joints, R tracks. Any one unit and frame of coordinates.
"""

from __future__ import annotations

import numpy as np

from mmp3d.evaluation.functional.pose_errors import mpjpe


def track_errors(
    residuals: np.ndarray, track: np.ndarray, frame: np.ndarray, step: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """How much predicted motion differs from annotated motion, in velocity and in acceleration.

    The velocity error at a frame is the mean over joints of the length of r(t + 1) - r(t), the acceleration error that
    of r(t + 2) - 2 r(t + 1) + r(t), r = prediction less annotation. Both need frames of one track that follow each
    other without a gap; a joint counts where it is known in all of them. Source of the acceleration error: evaluation
    of HMMR (Kanazawa et al., CVPR 2019) and VIBE (Kocabas et al., CVPR 2020), which take whole frames.

    Args:
        residuals: (M, K, 3) prediction less annotation; NaN where either is not known.
        track: (M,) number of the track, unique over the sequences.
        frame: (M,) frame number; people may come in any order. In a track where a number occurs twice, frames have no
            clear successor, and there are no errors.
        step: Difference of the numbers of consecutive frames.

    Returns:
        (M,) velocity error to the next frame and (M,) acceleration error over the next two, in the residuals' unit per
        frame and per frame^2; NaN where there is none.

    Examples:
        >>> residuals = np.zeros((4, 17, 3))
        >>> residuals[2] = [0, 0, 6]  # one frame is off by 6 mm
        >>> velocity, acceleration = track_errors(residuals, np.zeros(4, int), np.arange(4))
        >>> velocity.tolist(), acceleration.tolist()
        ([0.0, 6.0, 6.0, nan], [6.0, 12.0, nan, nan])
    """
    order = np.lexsort((frame, track))
    track, gap = np.asarray(track)[order], np.diff(np.asarray(frame)[order])
    same = track[1:] == track[:-1]
    follows = same & (gap == step) & ~np.isin(track[1:], track[1:][same & (gap == 0)])
    errors, changes = [], np.asarray(residuals, np.float64)[order]
    for _ in ('velocity', 'acceleration'):
        later = np.full_like(changes, np.nan)
        later[:-1][follows] = changes[1:][follows]
        changes = later - changes
        error = np.empty(len(order))
        error[order] = mpjpe(changes, 0.0, np.isfinite(changes).all(axis=-1))
        errors.append(error)
    return errors[0], errors[1]


def track_means(errors: np.ndarray, track: np.ndarray, num_tracks: int) -> np.ndarray:
    """Mean error of each track, (M,) errors and (M,) track numbers to (R,); NaN is left out, and where all is."""
    known = np.isfinite(errors)
    total = np.bincount(track[known], errors[known], num_tracks)
    count = np.bincount(track[known], minlength=num_tracks)
    return np.divide(total, count, out=np.full(num_tracks, np.nan), where=count > 0)
