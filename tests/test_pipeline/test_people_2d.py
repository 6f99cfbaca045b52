"""The first stage: people in 2D, given or found."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from mmp3d import register_all_modules
from mmp3d.pipeline import ClipFrame, GivenBoxes
from mmp3d.pipeline.clip_frames import Chunk
from mmp3d.pipeline.given_people import GivenPeople
from mmp3d.pipeline.people_2d import TopDownPeople
from tests.test_models.top_down_scenes import box_of, perfect_network, small_network, standing

register_all_modules()
IMAGE = np.zeros((120, 160, 3), np.uint8)
TRUTH = np.stack([standing(60, seed=1), standing(100, seed=2)]).astype(np.float32)


def chunk(*frames):
    return Chunk(0, [ClipFrame(number, image, poses) for number, (image, poses) in enumerate(frames)])


def distances(found):
    return [np.abs(found['keypoints'] - person).max(axis=(1, 2)).min() for person in TRUTH]


def test_given_poses_are_taken_as_they_are_but_for_joints_that_are_nowhere():
    poses, scores = TRUTH.copy(), np.full((2, 17), 1.5)
    poses[0, 3], scores[1, 4] = np.nan, np.nan
    found, nobody = GivenPeople().find(chunk((None, (poses, scores)), (None, None)))
    assert found['keypoint_scores'][0, 3] == found['keypoint_scores'][1, 4] == 0
    assert found['keypoint_scores'].sum() == 32 and np.isfinite(found['keypoints']).all()
    np.testing.assert_array_equal(found['keypoints'][1, :4], TRUTH[1, :4])
    assert nobody['keypoints'].shape == (0, 17, 2)


def test_boxes_around_the_given_poses_find_the_people_of_the_picture():
    rough = TRUTH + np.random.default_rng(0).normal(0, 3, TRUTH.shape)
    given = rough, np.ones((2, 17))
    readable, unreadable, alone = TopDownPeople(perfect_network(TRUTH)).find(
        chunk((IMAGE, given), (None, given), (IMAGE, None))
    )
    assert max(distances(readable)) < 1.5
    assert len(unreadable['keypoints']) == len(alone['keypoints']) == 0


def test_a_detector_takes_the_place_of_given_poses():
    detector = GivenBoxes({0: np.stack([box_of(person) for person in TRUTH])})
    here, gone = TopDownPeople(perfect_network(TRUTH), detector).find(chunk((IMAGE, None), (IMAGE, None)))
    assert max(distances(here)) < 1.5 and here['bboxes'].dtype == np.float32
    assert len(gone['keypoints']) == 0


def test_a_detector_without_its_methods_is_refused_at_once():
    boxes = GivenBoxes({})
    for detector, message in (
        (SimpleNamespace(detect=boxes.detect), 'digest(), got SimpleNamespace without digest;'),
        (SimpleNamespace(digest=boxes.digest), 'SimpleNamespace without detect;'),
        (boxes.detect, 'method without detect and digest;'),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            TopDownPeople(small_network(), detector)


def test_digests_tell_what_the_result_depends_on():
    network, boxes = small_network(), [[0, 0, 9, 9]]
    finders = [
        GivenPeople(),
        TopDownPeople(network),
        TopDownPeople(network, padding=1.5),
        TopDownPeople(small_network()),
        TopDownPeople(network, GivenBoxes({0: boxes})),
        TopDownPeople(network, GivenBoxes({1: boxes})),
    ]
    assert len({finder.digest() for finder in finders}) == 6
    assert TopDownPeople(network).digest() == finders[1].digest()


def test_of_boxes_that_overlap_the_surest_is_left_where_asked():
    poses, scores = np.concatenate([TRUTH, TRUTH[:1] + 2]), np.repeat([0.6, 0.9, 0.8], 17).reshape(3, 17)
    (frame,) = chunk((IMAGE, (poses, scores))).frames
    network = perfect_network(TRUTH)
    assert len(TopDownPeople(network)._boxes(frame, IMAGE).scores) == 3
    left = TopDownPeople(network, box_overlap=0.5)._boxes(frame, IMAGE)
    np.testing.assert_allclose(left.scores, [0.9, 0.8], atol=1e-6)
    assert TopDownPeople(network).digest() != TopDownPeople(network, box_overlap=0.5).digest()
