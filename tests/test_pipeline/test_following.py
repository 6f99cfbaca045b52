"""Parts of a clip given to a tracker, beside other work and after it: each frame once, in order."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from mmp3d.pipeline.background import DoneBehind
from mmp3d.pipeline.following import Following
from mmp3d.pipeline.tracking import FramePoses

NOBODY = np.zeros((0, 17, 2)), np.zeros((0, 17))


def frames_of(part: int) -> list[FramePoses]:
    """Two frames a part."""
    return [FramePoses(2 * part + place, *NOBODY) for place in range(2)]


def test_each_frame_is_followed_once_and_in_order():
    followed, threads, parts = [], set(), []

    def follow(frame: FramePoses) -> None:
        followed.append(frame.frame_id)
        threads.add(threading.current_thread())

    following = Following(frames_of, follow)
    with DoneBehind() as behind:
        for part in range(3):
            parts.append(part)
            if part:  # the first one was found, not made
                following.soon(parts, behind)
    assert followed == list(range(6)) and threading.main_thread() not in threads
    following.rest([*parts, 3])
    following.rest([*parts, 3])
    assert followed == list(range(8))


def test_what_follows_may_fail():
    def follow(frame: FramePoses) -> None:
        raise ValueError(f'frame {frame.frame_id}: another shape')

    following = Following(frames_of, follow)
    with pytest.raises(ValueError, match='frame 0'), DoneBehind() as behind:
        following.soon([0], behind)
