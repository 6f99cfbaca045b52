"""Frames a second as the encoder of our videos takes them."""

from __future__ import annotations

# MPEG-4 counts a second in at most so many ticks, and OpenCV tells them apart to a thousandth of a frame.
MOST, DECIMALS = 65535, 3
LEAST = 0.002


def check_encoder_rate(named: object, fps: float, remedy: str = '') -> None:
    """Raise ValueError, with the name of the file and the remedy, for a rate that no video can have."""
    try:
        encoder_rate(fps)
    except ValueError as error:
        raise ValueError(f'{named}: {error}{remedy}') from error


def encoder_rate(fps: float) -> float:
    """The rate that stands for this one in a video file; up to 65 frames a second it is the same to 0.0005.

    Raises:
        ValueError: No video can have it; says which ones it can.
    """
    if not LEAST <= fps <= MOST:
        raise ValueError(f'a video can have {LEAST} to {MOST} frames a second (fps), got {fps:g}')
    return next(rate for n in range(DECIMALS, -1, -1) if (rate := round(float(fps), n)) * 10**n <= MOST)
