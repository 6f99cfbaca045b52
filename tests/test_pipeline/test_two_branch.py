"""The whole system on clips whose answer is known."""

from __future__ import annotations

import threading
import weakref

import numpy as np
import pytest

from mmp3d import register_all_modules
from mmp3d.geometry.depth_confidence import root_confidence
from mmp3d.models.integration import HardIntegration, LinearIntegration
from mmp3d.pipeline import ClipFrame, StageStore, TwoBranchNetworks, TwoBranchPipeline, TwoBranchSettings
from mmp3d.pipeline.following import Following
from tests.test_pipeline.two_branch_scenes import (
    CAMERA,
    ROOT,
    KnownBottomUp,
    KnownLifter,
    frames_of,
    system,
    walkers,
)

register_all_modules()
FIELDS = {
    'keypoints', 'keypoint_scores', 'keypoints_cam', 'keypoints_3d', 'root_cam', 'bboxes', 'bbox_scores', 'track_ids',
    'source'}  # fmt: skip


def by_place(people):
    """People from left to right."""
    return people[np.argsort(people.root_cam[:, 0])]


def run(pipeline, truth, **options):
    found = dict(pipeline.run(frames_of(truth, **options), CAMERA))
    assert list(found) == list(range(len(truth)))
    return [by_place(people) for people in found.values()]


def test_two_branches_that_know_the_truth_say_it_together():
    truth = walkers()
    for frame, people in enumerate(run(system(truth, LinearIntegration()), truth)):
        assert set(people.keys()) == FIELDS and people.source.tolist() == ['both', 'both']
        np.testing.assert_allclose(people.keypoints_cam, truth[frame], atol=0.01)
        np.testing.assert_allclose(people.keypoints, CAMERA.project(truth[frame]), atol=1e-2)
        np.testing.assert_array_equal(people.root_cam, people.keypoints_cam[:, ROOT])
        assert sorted(people.track_ids.tolist()) == [0, 1]


def test_linear_integration_lies_between_the_branches_by_confidence():
    truth = walkers()
    lower = KnownBottomUp(truth, factor=1.04, score=0.5)
    for frame, people in enumerate(run(system(truth, LinearIntegration(), bottom_up=lower), truth)):
        np.testing.assert_allclose(people.keypoints_cam, truth[frame] * (1 + 0.04 / 3), rtol=1e-5)


def test_hard_integration_takes_the_bottom_up_depth():
    truth = walkers()
    pipeline = system(truth, HardIntegration(), KnownLifter(truth, 0.97), KnownBottomUp(truth, 1.02))
    for frame, people in enumerate(run(pipeline, truth)):
        np.testing.assert_allclose(people.root_cam, truth[frame][:, ROOT] * 1.02, rtol=1e-5)
        np.testing.assert_allclose(people.keypoints_3d, (truth - truth[:, :, ROOT, None])[frame] * 0.97, atol=0.01)


def test_who_is_seen_by_one_branch_alone_stays_and_keeps_the_id():
    truth = walkers()
    lower = KnownBottomUp(truth, absent=[(3, 1)])
    frames = run(system(truth, LinearIntegration(), bottom_up=lower), truth, without=[(frame, 0) for frame in (0, 11)])
    assert frames[3].source.tolist() == ['both', 'td']
    assert [frames[frame].source.tolist() for frame in (0, 11)] == [['bu', 'both']] * 2
    assert len({tuple(people.track_ids.tolist()) for people in frames}) == 1
    for people, true in zip(frames, truth, strict=True):
        np.testing.assert_allclose(people.keypoints_cam, true, atol=0.02)


def test_one_branch_alone_scores_half_and_the_top_down_branch_the_root_of_its_confidence():
    truth = walkers()
    lower = KnownBottomUp(truth, score=0.6, absent=[(3, 1)])
    frames = run(system(truth, LinearIntegration(), bottom_up=lower), truth, without=[(0, 0)])
    sure = np.sqrt(root_confidence(truth[3, :, ROOT], TwoBranchSettings().root_depth_error))
    np.testing.assert_allclose(frames[3].bbox_scores, [(0.6 + sure[0]) / 2, sure[1] / 2], rtol=1e-4)
    assert frames[0].source[0] == 'bu' and frames[0].bbox_scores[0] == pytest.approx(0.3)


def test_strangers_may_be_left_out_and_people_of_a_track_stay():
    truth = walkers()
    # The first has no 2D poses at all; the other, who has, is missed once.
    without = [(frame, 0) for frame in range(len(truth))] + [(0, 1)]
    pipeline = system(truth, LinearIntegration(), bottom_up_strangers=False)
    frames = run(pipeline, truth, without=without)
    assert [people.source.tolist() for people in frames] == [['bu'], *[['both']] * (len(truth) - 1)]
    for people, true in zip(frames, truth, strict=True):
        np.testing.assert_allclose(people.keypoints_cam, true[1:], atol=0.02)


@pytest.mark.parametrize('strangers', [True, False])
def test_a_branch_alone_has_no_strangers(strangers):
    truth = walkers()
    frames = run(system(truth, None, branches='bottom_up', bottom_up_strangers=strangers), truth)
    assert [len(people) for people in frames] == [2] * len(truth)


@pytest.mark.parametrize(('branches', 'source'), [('top_down', 'td'), ('bottom_up', 'bu')])
def test_one_branch_alone(branches, source):
    truth = walkers()
    upper, lower = KnownLifter(truth, 0.9), KnownBottomUp(truth, 1.1)
    frames = run(system(truth, None, upper, lower, branches=branches), truth)
    for people, true in zip(frames, truth, strict=True):
        assert people.source.tolist() == [source] * 2
        np.testing.assert_allclose(people.keypoints_cam, true * {'td': 0.9, 'bu': 1.1}[source], rtol=1e-6)
    assert bool(lower.seen) is (source == 'bu') and bool(upper.calls) is (source == 'td')


@pytest.mark.parametrize('matching', ['frame', 'track', 'none'])
def test_every_matching_pairs_people_who_are_where_they_are(matching):
    truth = walkers(people=3)
    frames = run(system(truth, LinearIntegration(), matching=matching), truth)
    assert all(people.source.tolist() == ['both'] * 3 for people in frames)


def test_without_pose_matching_depth_does_not_count():
    truth = walkers()
    far = KnownBottomUp(truth, factor=3.0)
    for matching, source in (('frame', {'td', 'bu'}), ('none', {'both'})):
        frames = run(system(truth, LinearIntegration(), bottom_up=far, matching=matching), truth)
        assert all(set(people.source) == source for people in frames)


def test_the_bottom_up_network_gets_the_2d_poses_unless_it_is_not_to():
    truth = walkers(frames=2)
    for feed in (True, False):
        lower = KnownBottomUp(truth)
        run(system(truth, LinearIntegration(), bottom_up=lower, feed_poses=feed), truth)
        for frame, poses in lower.seen:
            if feed:
                np.testing.assert_allclose(poses, CAMERA.project(truth[frame]), atol=1e-3)
            else:
                assert poses is None


@pytest.mark.parametrize('frames', [1, 2])
def test_a_clip_may_be_shorter_than_a_track_must_be(frames):
    truth = walkers(frames)
    assert [people.source.tolist() for people in run(system(truth, LinearIntegration()), truth)] == [
        ['both'] * 2
    ] * frames


@pytest.mark.parametrize('matching', ['frame', 'track', 'none'])
def test_nobody_and_nothing(matching):
    truth = walkers(frames=3, people=1)[:, :0]
    pipeline = system(truth, LinearIntegration(), matching=matching)
    for people in run(pipeline, truth):
        assert len(people) == 0 and set(people.keys()) == FIELDS and people.keypoints_cam.shape == (0, 17, 3)
    assert list(pipeline.run([], CAMERA)) == []


@pytest.mark.parametrize('empty', ['top_down', 'bottom_up'])
def test_one_branch_sees_nobody(empty):
    truth = walkers()
    everybody = [(frame, person) for frame in range(12) for person in range(2)]
    lower = KnownBottomUp(truth, absent=everybody if empty == 'bottom_up' else ())
    without = everybody if empty == 'top_down' else ()
    for people, true in zip(
        run(system(truth, LinearIntegration(), bottom_up=lower), truth, without=without), truth, strict=True
    ):
        assert people.source.tolist() == [{'top_down': 'bu', 'bottom_up': 'td'}[empty]] * 2
        np.testing.assert_allclose(people.keypoints_cam, true, atol=0.01)


def test_a_frame_that_cannot_be_read_has_the_top_down_people_alone():
    truth = walkers()
    frames = [frame._replace(image=None) if frame.frame_id == 5 else frame for frame in frames_of(truth)]
    found = dict(system(truth, LinearIntegration()).run(frames, CAMERA))
    assert found[5].source.tolist() == ['td'] * 2 and found[4].source.tolist() == ['both'] * 2


def test_people_are_followed_beside_the_networks(monkeypatch):
    truth, places, take = walkers(), {True: set(), False: set()}, Following._take

    def watched(self, parts):
        places[threading.current_thread() is threading.main_thread()].update(part.start for part in parts)
        take(self, parts)

    monkeypatch.setattr(Following, '_take', watched)
    assert len(dict(system(truth, LinearIntegration(), chunk=4).run(frames_of(truth), CAMERA))) == 12
    assert places == {True: set(), False: {0, 4, 8}}


def test_pictures_are_read_a_chunk_at_a_time():
    truth, held = walkers(), []

    def lazily():
        for frame in frames_of(truth):
            yield frame._replace(image=lambda frame=frame: held.append(frame.frame_id) or frame.image)
            assert len(held) >= 4 * (frame.frame_id // 4)

    pipeline = system(truth, LinearIntegration(), chunk=4)
    assert len(dict(pipeline.run(lazily(), CAMERA))) == 12 and sorted(held) == list(range(12))


@pytest.mark.parametrize('chunk', [1, 5, 12])
def test_chunks_do_not_change_a_bit(chunk):
    truth = walkers(people=3)
    without, absent = [(4, 0), (5, 0), (9, 2)], [(2, 1), (3, 1), (7, 0)]
    whole, cut = (
        run(system(truth, LinearIntegration(), bottom_up=KnownBottomUp(truth, 1.02, 0.6, absent), chunk=size), truth,
            without=without)
        for size in (100, chunk)
    )  # fmt: skip
    for first, second in zip(whole, cut, strict=True):
        for name in FIELDS:
            np.testing.assert_array_equal(first[name], second[name])


def test_mistakes_are_named():
    truth = walkers(frames=2)
    with pytest.raises(ValueError, match="needs the network 'lifter'"):
        TwoBranchPipeline(TwoBranchNetworks())
    with pytest.raises(ValueError, match="needs the network 'integration'"):
        system(truth, None)
    frames = list(frames_of(truth))
    with pytest.raises(ValueError, match='frame 0 comes after frame 1'):
        list(system(truth, LinearIntegration()).run(frames[::-1], CAMERA))
    wrong = ClipFrame(0, None, (np.zeros((1, 14, 2)), np.zeros((1, 14))))
    with pytest.raises(ValueError, match=r'frame 0: given 2D poses must be \(people, 17, 2\)'):
        list(system(truth, LinearIntegration()).run([wrong], CAMERA))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(branches='none'), 'branches must be one of'),
        (dict(matching='best'), 'matching must be one of'),
        (dict(least_score=2), 'least_score'),
        (dict(chunk=0), 'chunk must be a whole number'),
        (dict(tracker=dict(gait=1)), r"tracker: unknown fields \['gait'\]"),
        (dict(tracker=dict(gate=7)), 'gate must be'),
    ],
)
def test_wrong_settings(options, message):
    with pytest.raises(ValueError, match=message):
        TwoBranchSettings(**options)


def test_the_pictures_of_a_chunk_go_before_the_next_ones_come():
    truth, known, most = walkers(), [], 0

    def counted():
        nonlocal most
        for frame in frames_of(truth):
            image = frame.image.copy()
            known.append(weakref.ref(image))
            most = max(most, sum(reference() is not None for reference in known))
            yield frame._replace(image=image)
            del image

    assert len(list(system(truth, HardIntegration(), chunk=4).run(counted(), CAMERA))) == 12
    assert most == 4


def test_what_was_found_before_an_error_is_kept(tmp_path):
    truth, store = walkers(), StageStore(tmp_path)

    def broken():
        yield from frames_of(truth[:5])
        raise ValueError('no more')

    pipeline = system(truth, HardIntegration(), chunk=4)
    with pytest.raises(ValueError, match='no more'):
        list(pipeline.run(broken(), CAMERA, store, 'clip'))
    assert store.path('clip/bottom_up-000000').is_file()
