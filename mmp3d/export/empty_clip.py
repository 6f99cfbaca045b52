"""Room for the people of a clip, every person in every frame, before they are filled in.

Shapes: N people, T frames, K joints.
"""

from __future__ import annotations

import math
import os

import numpy as np

# Arrays of the size of a clip that are in memory at once while a clip is made and written.
COPIES = 3
BYTES_A_JOINT = 4 * np.float32().itemsize


def empty_clip(people: int, frames: int, joints: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions (N, T, K, 3), all NaN, and scores (N, T, K), all 0.

    Raises:
        ValueError: They are more than the memory of this machine.
    """
    size, room = clip_bytes(people, frames, joints), machine_bytes()
    if COPIES * size > room:
        raise ValueError(
            f'{people} people over {frames} frames are {size / 1e9:.1f} GB as one clip; {COPIES} times as much '
            f'is needed and this machine has {room / 1e9:.1f} GB; leave out people of few frames (--min-frames), or '
            'cut the video into parts'
        )
    shape = (people, frames, joints)
    return np.full((*shape, 3), np.nan, np.float32), np.zeros(shape, np.float32)


def clip_bytes(people: int, frames: int, joints: int) -> int:
    """Bytes of the positions and scores of a clip."""
    return people * frames * joints * BYTES_A_JOINT


def machine_bytes() -> float:
    """Memory of the machine; infinity where the system does not tell."""
    try:
        return os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    except (AttributeError, ValueError, OSError):  # no POSIX
        return math.inf
