"""Smoothing of joint trajectories, each person's by itself.

Shapes: ``...`` any leading dimensions, T frames, K joints. NaN where a joint is not there; it stays NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.signal import butter, sosfiltfilt

from mmp3d.frame_rate import checked_rate

# One-Euro (Casiez, Roussel, Vogel, CHI 2012). Cut-offs in Hz; the speed that opens the filter is in mm/s.
ONE_EURO_CUTOFF = 1.5
ONE_EURO_SPEED = 0.004
ONE_EURO_SPEED_CUTOFF = 1.0
# Movements of the whole body carry little above 6 Hz (Winter, Biomechanics and Motor Control of Human Movement).
ZERO_PHASE_CUTOFF = 6.0
ZERO_PHASE_ORDER = 2
# A gap up to this long is bridged for the filter; over a longer one each side is filtered by itself.
LONGEST_GAP_SECONDS = 0.2


def smoothed(positions: np.ndarray, fps: float, method: str) -> np.ndarray:
    """Smooth trajectories.

    Args:
        positions: (..., T, K, 3) mm.
        fps: Frames a second.
        method: A name in ``METHODS``: ``'one-euro'`` looks at earlier frames only and lags a little; ``'zero-phase'``
            looks both ways (a Butterworth filter, there and back) and does not lag.

    Returns:
        (..., T, K, 3) float32; frames and joints that were not there are not made up.

    Raises:
        ValueError: ``method`` or ``fps`` is unknown or impossible.
    """
    if method not in METHODS:
        raise ValueError(f'smoothing must be one of {list(METHODS)}, got {method!r}')
    fps = checked_rate(fps)
    result = np.array(positions, np.float32)
    tracks = result.reshape(int(np.prod(result.shape[:-3])), *result.shape[-3:])
    longest_gap = int(LONGEST_GAP_SECONDS * fps)
    for track in tracks:
        for joints, start, stop in _pieces(np.isfinite(track).all(axis=-1), longest_gap):
            piece = track[start:stop, joints]
            there = np.isfinite(piece).all(axis=-1)
            filled = _bridged(piece.astype(np.float64), there[:, 0])
            track[start:stop, joints] = np.where(there[..., None], METHODS[method](filled, fps), np.nan)
    return result


def _pieces(there: np.ndarray, longest_gap: int) -> Iterator[tuple[np.ndarray, int, int]]:
    """Joints that are there in the same frames of (T, K), with the start and stop of each piece without long gap."""
    patterns, members = np.unique(there, axis=1, return_inverse=True)
    for number, pattern in enumerate(patterns.T):
        frames = np.flatnonzero(pattern)
        if not len(frames):
            continue
        joints = np.flatnonzero(members.ravel() == number)
        for run in np.split(frames, np.flatnonzero(np.diff(frames) > longest_gap + 1) + 1):
            yield joints, int(run[0]), int(run[-1]) + 1


def _bridged(piece: np.ndarray, there: np.ndarray) -> np.ndarray:
    """(T, J, 3) with straight lines over the frames that are not there."""
    known = np.flatnonzero(there)
    if len(known) == len(there):
        return piece
    frames = np.arange(len(there))
    after = np.searchsorted(known, frames).clip(1, len(known) - 1)
    first, last = known[after - 1], known[after]
    weight = ((frames - first) / (last - first))[:, None, None]
    return piece[first] * (1 - weight) + piece[last] * weight


def _one_euro(values: np.ndarray, fps: float) -> np.ndarray:
    """(T, J, 3); the joint's speed, not the axis', opens the filter, so that it does not depend on the axes."""
    result = values.copy()
    speed = np.zeros(values.shape[1:])
    for frame in range(1, len(values)):
        change = (values[frame] - result[frame - 1]) * fps
        speed += _share(ONE_EURO_SPEED_CUTOFF, fps) * (change - speed)
        cutoff = ONE_EURO_CUTOFF + ONE_EURO_SPEED * np.linalg.norm(speed, axis=-1, keepdims=True)
        result[frame] = result[frame - 1] + _share(cutoff, fps) * (values[frame] - result[frame - 1])
    return result


def _share(cutoff: float | np.ndarray, fps: float) -> float | np.ndarray:
    """What a first-order low-pass takes of the new value."""
    turn = 2 * np.pi * cutoff / fps
    return turn / (turn + 1)


def _zero_phase(values: np.ndarray, fps: float) -> np.ndarray:
    """(T, J, 3); left as it is where the frame rate cannot hold the cut-off, or with fewer than three frames."""
    if fps <= 2 * ZERO_PHASE_CUTOFF or len(values) < 3:
        return values
    sections = butter(ZERO_PHASE_ORDER, ZERO_PHASE_CUTOFF, fs=fps, output='sos')
    return sosfiltfilt(sections, values, axis=0, padlen=min(3 * (2 * len(sections) + 1), len(values) - 1))


METHODS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {'one-euro': _one_euro, 'zero-phase': _zero_phase}
