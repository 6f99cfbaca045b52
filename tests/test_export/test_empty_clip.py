"""Room for a clip is asked for before it is taken."""

from __future__ import annotations

import numpy as np
import pytest

from mmp3d.export import empty_clip as module
from mmp3d.export.empty_clip import clip_bytes, empty_clip, machine_bytes
from mmp3d.export.people_clip import clip_from_images


def test_nobody_is_anywhere():
    positions, scores = empty_clip(2, 3, 17)
    assert positions.shape == (2, 3, 17, 3) and np.isnan(positions).all() and positions.dtype == np.float32
    assert scores.shape == (2, 3, 17) and not scores.any() and scores.dtype == np.float32
    assert positions.nbytes + scores.nbytes == clip_bytes(2, 3, 17)
    assert empty_clip(0, 5, 17)[1].shape == (0, 5, 17)


def test_what_the_machine_cannot_hold_is_an_error_before_memory_is_taken():
    assert machine_bytes() > 1e8
    with pytest.raises(
        ValueError, match=r'1000000 people over 1000000 frames are 272000.0 GB as one clip.*--min-frames'
    ):
        empty_clip(10**6, 10**6, 17)


def test_a_clip_of_images_asks_too(monkeypatch):
    monkeypatch.setattr(module, 'machine_bytes', lambda: 1000)
    people = dict(
        keypoints=np.zeros((1, 17, 2)), keypoint_scores=np.ones((1, 17)), keypoints_cam=np.zeros((1, 17, 3)),
        track_ids=np.zeros(1, int),
    )  # fmt: skip
    with pytest.raises(ValueError, match='1 people over 2 frames'):
        clip_from_images([dict(instances=people)] * 2, 25)
