"""How many frames a second a clip may have."""

from __future__ import annotations

from numbers import Integral, Real

# Above any camera's; times and gaps stay well within what numbers hold.
HIGHEST_RATE = 1_000_000


def checked_rate(fps: float) -> int | float:
    """A frame rate as a plain ``int`` or ``float``.

    Args:
        fps: Frames a second: a number of Python's or numpy's.

    Raises:
        ValueError: It is no number above 0 and up to ``HIGHEST_RATE``; names ``fps``.
    """
    if isinstance(fps, bool) or not isinstance(fps, Real) or not 0 < fps <= HIGHEST_RATE:
        raise ValueError(f'fps must be a number of frames a second above 0, up to {HIGHEST_RATE}, got {fps!r:.40}')
    return int(fps) if isinstance(fps, Integral) else float(fps)
