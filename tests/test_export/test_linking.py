"""People without ids are followed in the image, wherever their depth jumps."""

from __future__ import annotations

import numpy as np
import pytest

from mmp3d.export.linking import linked
from tests.test_export.clips import walking_clip


def _frames(frames=20, gone=(), ids=(-1, -1)):
    clip = walking_clip(frames=frames, gaps=False)
    pixels = clip.camera.project(clip.positions)
    for frame in range(frames):
        order = [1, 0] if frame % 2 else [0, 1]
        order = [row for row in order if (row, frame) not in gone]
        yield (
            dict(
                keypoints=pixels[order, frame],
                keypoint_scores=np.full((len(order), 17), 0.1, np.float32),
                track_ids=np.array([ids[row] for row in order]),
            ),
            order,
        )


def _ids(frames, fps=25):
    people, orders = zip(*frames, strict=True)
    return [dict(zip(order, ids.tolist(), strict=True)) for order, ids in zip(orders, linked(people, fps), strict=True)]


def test_order_and_doubtful_scores_do_not_matter():
    assert _ids(_frames()) == [{0: 0, 1: 1}] * 20


def test_who_is_away_for_less_than_a_second_is_the_same():
    found = _ids(_frames(gone={(1, frame) for frame in range(5, 10)}))
    assert all(ids == ({0: 0} if 5 <= frame < 10 else {0: 0, 1: 1}) for frame, ids in enumerate(found))
    found = _ids(_frames(gone={(1, frame) for frame in range(5, 10)}), fps=3)
    assert found[-1] == {0: 0, 1: 2}


def test_given_ids_stay_and_new_ones_follow():
    assert _ids(_frames(ids=(7, -1))) == [{0: 7, 1: 8}] * 20
    with pytest.raises(ValueError, match='frame 0: track ids must differ'):
        _ids(_frames(ids=(7, 7)))


def test_nobody_and_people_without_joints():
    nobody = dict(keypoints=np.zeros((0, 17, 2)), keypoint_scores=np.zeros((0, 17)), track_ids=np.zeros(0, int))
    unseen = dict(keypoints=np.zeros((1, 17, 2)), keypoint_scores=np.zeros((1, 17)), track_ids=np.array([-1]))
    assert [ids.tolist() for ids in linked([nobody, unseen], 25)] == [[], [-1]]
