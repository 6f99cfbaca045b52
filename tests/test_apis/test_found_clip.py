"""Who of a run is in the clip."""

from __future__ import annotations

import numpy as np
from mmengine.structures import InstanceData

from mmp3d.apis.found_clip import clip_of_run
from mmp3d.geometry import Camera


class PlayedRun:
    """A run whose people are known: the ids of each frame, id 9 with a low score."""

    name = 'clip'

    def __init__(self, *ids):
        self.ids = ids
        self.reader = self
        self.camera, self.ended_by = Camera.from_fov(60, (192, 128)), None

    def people(self):
        for ids in self.ids:
            count = len(ids)
            yield (
                None,
                InstanceData(
                    keypoints=np.ones((count, 17, 2)),
                    keypoint_scores=np.ones((count, 17)),
                    keypoints_cam=np.full((count, 17, 3), 1.0) * np.array(ids)[:, None, None],
                    bbox_scores=np.where(np.array(ids) == 9, 0.1, 1.0),
                    track_ids=np.array(ids),
                ),
            )

    def remove_work(self):
        pass


def test_brief_people_are_left_out_and_counted():
    found = clip_of_run(PlayedRun([1, 2], [1, 3], [1, 3], [1]), 25, min_frames=2)
    assert (found.clip.track_ids.tolist(), found.left_out) == ([1, 3], 1)
    assert found.clip.present.tolist() == [[True] * 4, [False, True, True, False]]
    assert (found.clip.positions[1, 1] == 3).all()


def test_of_a_clip_that_is_shorter_all_frames_are_asked_for():
    found = clip_of_run(PlayedRun([1, 2], [1]), 25, min_frames=10)
    assert (found.clip.track_ids.tolist(), found.left_out) == ([1], 1)


def test_low_scores_do_not_count():
    found = clip_of_run(PlayedRun([1, 9], [1, 9]), 25, person_thr=0.5)
    assert (found.clip.track_ids.tolist(), found.left_out) == ([1], 0)


def test_nobody():
    found = clip_of_run(PlayedRun(), 25, min_frames=5)
    assert found.clip.positions.shape == (0, 0, 17, 3)
