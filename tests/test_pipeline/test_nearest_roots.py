"""The baseline without pose matching."""

import numpy as np

from mmp3d.pipeline.matching import CameraPeople
from mmp3d.pipeline.nearest_roots import match_nearest_roots
from tests.test_pipeline.test_matching import FAR, LEFT, RIGHT, people_at


def test_roots_near_in_the_image_are_one_person_at_any_depth():
    matches = match_nearest_roots(people_at(LEFT, RIGHT), people_at(np.array(RIGHT) * 3, LEFT))
    assert matches.pairs.tolist() == [[0, 1], [1, 0]]


def test_everybody_is_paired_as_far_as_there_is_somebody():
    matches = match_nearest_roots(people_at(LEFT, RIGHT, FAR), people_at(FAR))
    assert (matches.pairs.tolist(), matches.bottom_up_only.tolist(), matches.top_down_only.tolist()) == (
        [[2, 0]], [0, 1], [])  # fmt: skip


def test_nobody_and_people_without_a_root():
    nobody = people_at()
    assert match_nearest_roots(nobody, people_at(LEFT)).top_down_only.tolist() == [0]
    assert match_nearest_roots(people_at(LEFT), nobody).bottom_up_only.tolist() == [0]
    lost = people_at(LEFT, (0, 0, -4000))
    lost.keypoints_cam[0] = np.nan
    matches = match_nearest_roots(lost, people_at(LEFT))
    assert not len(matches.pairs) and matches.bottom_up_only.tolist() == [0, 1]


def test_confidence_does_not_count():
    unsure = people_at(LEFT)
    unsure = CameraPeople(unsure.keypoints_cam, np.zeros((1, 17), np.float32))
    assert len(match_nearest_roots(unsure, people_at(LEFT)).pairs) == 1
