import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.pipeline import Track, lift_tracks
from mmp3d.pipeline.track import GAP_CONFIDENCE

register_all_modules()
CAMERA = Camera.from_fov(60, (640, 480))
ROOT = MUPOTS17.root_index


@pytest.fixture(scope='module')
def networks():
    torch.manual_seed(0)
    tcn = dict(stem_channels=8, kernel_sizes=(3, 3))
    model = MODELS.build(
        dict(
            type='PoseLiftingEstimator',
            gcn=dict(type='PoseGCN', hidden_channels=8),
            pose_net=dict(type='TemporalPoseNet', backbone=tcn),
            depth_net=dict(type='TemporalDepthNet', backbone=tcn),
        )
    )
    return model.eval()


def track(frames=12, track_id=0, seed=0, scores=None):
    rng = np.random.default_rng(seed)
    keypoints = np.array([320, 240]) + rng.normal(0, 60, (frames, 17, 2))
    return Track(
        track_id, np.arange(frames), keypoints, rng.uniform(0.2, 1, (frames, 17)) if scores is None else scores
    )


def test_the_root_is_seen_where_the_2d_pose_has_it(networks):
    given_track = track()
    (lifted,) = lift_tracks([given_track], CAMERA, networks)
    assert lifted.keypoints_cam.shape == (12, 17, 3) and lifted.keypoints_cam.dtype == np.float32
    np.testing.assert_allclose(CAMERA.project(lifted.keypoints_cam[:, ROOT]), given_track.keypoints[:, ROOT], atol=0.01)


def test_every_track_is_lifted_by_itself(networks):
    tracks = [track(5, track_id=7, seed=1), track(1, track_id=2, seed=2)]
    lifted = lift_tracks(tracks, CAMERA, networks)
    assert [(each.track_id, len(each.keypoints_cam)) for each in lifted] == [(7, 5), (2, 1)]
    (alone,) = lift_tracks(tracks[1:], CAMERA, networks)
    np.testing.assert_array_equal(alone.keypoints_cam, lifted[1].keypoints_cam)
    assert lift_tracks([], CAMERA, networks) == []


def test_two_tracks_with_one_id_are_named(networks):
    with pytest.raises(ValueError, match=r'several tracks with id \[3\]'):
        lift_tracks([track(track_id=3), track(track_id=3)], CAMERA, networks)


def test_frames_out_of_order_are_put_in_order(networks):
    whole = track()
    order = np.random.default_rng(0).permutation(12)
    mixed = Track(0, whole.frame_ids[order], whole.keypoints[order], whole.keypoint_scores[order])
    first, second = (lift_tracks([each], CAMERA, networks)[0].keypoints_cam for each in (whole, mixed))
    np.testing.assert_array_equal(first, second)


def test_a_track_with_gaps_has_a_pose_in_every_frame(networks):
    whole = track()
    kept = [0, 1, 5, 11]
    gappy = Track(0, whole.frame_ids[kept] + 100, whole.keypoints[kept], whole.keypoint_scores[kept])
    (lifted,) = lift_tracks([gappy], CAMERA, networks)
    assert lifted.frame_ids.tolist() == list(range(100, 112))
    assert np.isfinite(lifted.keypoints_cam).all()


def test_a_hidden_root_is_placed_by_the_other_joints(networks):
    whole = track()
    scores = whole.keypoint_scores.copy()
    scores[4:6, ROOT] = 0
    hidden = Track(0, whole.frame_ids, np.where(scores[..., None] > 0, whole.keypoints, np.nan), scores)
    (lifted,) = lift_tracks([hidden], CAMERA, networks)
    assert np.isfinite(lifted.keypoints_cam).all()


def test_a_track_that_is_never_seen_is_nowhere(networks):
    nothing = track(scores=np.zeros((12, 17)))
    seen, unseen = lift_tracks([track(track_id=1), nothing], CAMERA, networks)
    assert np.isfinite(seen.keypoints_cam).all()
    assert unseen.keypoints_cam.shape == (12, 17, 3) and np.isnan(unseen.keypoints_cam).all()


@pytest.mark.parametrize('frames', [1, 12])
@pytest.mark.parametrize('joint', [0, ROOT])
def test_one_visible_joint_is_lifted_to_where_it_is_seen(networks, frames, joint):
    scores = np.zeros((frames, 17))
    scores[:, joint] = 0.9
    alone = track(frames, scores=scores)
    (lifted,) = lift_tracks([alone], CAMERA, networks)
    assert lifted.keypoints_cam.shape == (frames, 17, 3) and np.isfinite(lifted.keypoints_cam).all()
    np.testing.assert_allclose(CAMERA.project(lifted.keypoints_cam[:, joint]), alone.keypoints[:, joint], atol=0.05)


@pytest.mark.parametrize('scores', [np.nan, -1.0, 0.0])
def test_confidences_that_are_none_put_one_frame_nowhere(networks, scores):
    (lifted,) = lift_tracks([track(1, scores=np.full((1, 17), scores))], CAMERA, networks)
    assert lifted.frame_ids.tolist() == [0] and np.isnan(lifted.keypoints_cam).all()


def test_gaps_are_interpolated_and_less_sure():
    keypoints = np.zeros((3, 17, 2))
    keypoints[1:] = 8.0
    scores = np.ones((3, 17))
    scores[0, 2] = 0
    filled = Track(0, [10, 14, 15], keypoints, scores).without_gaps()
    assert filled.frame_ids.tolist() == [10, 11, 12, 13, 14, 15]
    np.testing.assert_allclose(filled.keypoints[:, 0, 0], [0, 2, 4, 6, 8, 8])
    np.testing.assert_allclose(filled.keypoint_scores[:, 0], [1, *[GAP_CONFIDENCE] * 3, 1, 1])
    # A joint that one end of the gap lacks is not known in it.
    np.testing.assert_allclose(filled.keypoint_scores[:, 2], [0, 0, 0, 0, 1, 1])


def test_frames_without_any_joint_count_as_missing():
    scores = np.ones((4, 17))
    scores[[0, 2]] = 0
    keypoints = np.full((4, 17, 2), np.nan)
    keypoints[1], keypoints[3] = 4.0, 6.0
    filled = Track(0, [0, 1, 2, 3], keypoints, scores).without_gaps()
    np.testing.assert_allclose(filled.keypoints[:, 0, 0], [4, 4, 5, 6])
    np.testing.assert_allclose(filled.keypoint_scores[:, 0], [GAP_CONFIDENCE, 1, GAP_CONFIDENCE, 1])


@given(st.sets(st.integers(0, 30), min_size=1), st.integers(0, 100))
def test_filling_keeps_what_was_there_and_is_idempotent(frames, seed):
    rng = np.random.default_rng(seed)
    frames = np.array(sorted(frames))
    given_track = Track(0, frames, rng.normal(size=(len(frames), 17, 2)), rng.uniform(0.1, 1, (len(frames), 17)))
    filled = given_track.without_gaps()
    assert np.array_equal(filled.frame_ids, np.arange(frames[0], frames[-1] + 1))
    there = frames - frames[0]
    np.testing.assert_allclose(filled.keypoints[there], given_track.keypoints, rtol=1e-5)
    np.testing.assert_array_equal(filled.keypoint_scores[there], given_track.keypoint_scores)
    np.testing.assert_allclose(filled.without_gaps().keypoints, filled.keypoints, rtol=1e-5)


@pytest.mark.parametrize(
    ('fields', 'message'),
    [
        (dict(frame_ids=[]), 'track 4 needs one or more frames, each once, found none'),
        (dict(frame_ids=[1, 1]), r'track 4 .* found frames \[1\] twice'),
        (dict(keypoints=np.zeros((2, 14, 2))), r'track 4: keypoints must have shape \(2, 17, 2\), got \(2, 14, 2\)'),
        (dict(keypoint_scores=np.zeros((3, 17))), r'track 4: keypoint_scores must have shape \(2, 17\)'),
    ],
)
def test_a_track_that_is_none_is_named(fields, message):
    sound = dict(frame_ids=[0, 1], keypoints=np.zeros((2, 17, 2)), keypoint_scores=np.zeros((2, 17)))
    with pytest.raises(ValueError, match=message):
        Track(4, **{**sound, **fields})
