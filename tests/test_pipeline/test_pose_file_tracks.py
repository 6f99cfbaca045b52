"""From files of 2D poses to tracks and to camera space: by the file's ids or ours, and what is not there."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.datasets import read_pose2d_file
from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.pipeline import lift_pose_file, pose_tracks
from mmp3d.pipeline.pose_frames import keys_of_frames
from tests.shared_data import shared_path

register_all_modules()
CAMERA = Camera.from_fov(60, (640, 480))
ROOT = MUPOTS17.root_index
FRAMES = 12
SHAPES = np.random.default_rng(0).uniform([-30, -90], [30, 90], (2, 17, 2))
PATHS = np.stack([[[150 + 5 * t, 200], [450 - 3 * t, 260]] for t in range(FRAMES)])[:, :, None]
# (FRAMES, 2, 17, 2): two people who walk past each other.
CLIP = PATHS + SHAPES


@pytest.fixture(scope='module')
def networks():
    torch.manual_seed(0)
    tcn = dict(stem_channels=8, kernel_sizes=(3, 3))
    model = dict(
        type='PoseLiftingEstimator',
        gcn=dict(type='PoseGCN', hidden_channels=8),
        pose_net=dict(type='TemporalPoseNet', backbone=tcn),
        depth_net=dict(type='TemporalDepthNet', backbone=tcn),
    )
    return MODELS.build(model).eval()


@pytest.fixture
def write(tmp_path):
    """Writes frame number to people, each (track_id or None, (17, 2) px, score or (17,) scores)."""

    def write(frames):
        images = []
        for number, people in frames.items():
            records = []
            for track_id, points, scores in people:
                rows = np.column_stack([points, np.broadcast_to(scores, 17)]).tolist()
                records.append({'keypoints': rows} | ({} if track_id is None else {'track_id': track_id}))
            images.append({'frame_id': number, 'people': records})
        path = tmp_path / 'poses.json'
        path.write_text(json.dumps({'format': 'mmp3d-poses2d', 'images': images}))
        return path

    return write


def walk(ids=(7, 5), frames=range(FRAMES), score=0.9):
    return {t: [(ids[who], CLIP[t, who], score) for who in range(2)] for t in frames}


def check_clip(lifted):
    """Both people in every frame, roots on their rays."""
    assert [each.keypoints_cam.shape for each in lifted] == [(FRAMES, 17, 3)] * 2
    for who, each in enumerate(lifted):
        assert each.frame_ids.tolist() == list(range(FRAMES)) and np.isfinite(each.keypoints_cam).all()
        np.testing.assert_allclose(CAMERA.project(each.keypoints_cam[:, ROOT]), CLIP[:, who, ROOT], atol=0.05)


def test_a_clip_by_our_ids_and_by_the_file_s(write, networks):
    path = write(walk())
    for keep_ids, ids in ((False, [0, 1]), (True, [7, 5])):
        lifted = lift_pose_file(path, CAMERA, networks, keep_ids=keep_ids)
        assert [each.track_id for each in lifted] == ids
        check_clip(lifted)
    again = lift_pose_file(read_pose2d_file(path), CAMERA, networks, keep_ids=True)
    np.testing.assert_array_equal(again[0].keypoints_cam, lifted[0].keypoints_cam)


@pytest.mark.parametrize('keep_ids', [False, True])
def test_frames_out_of_order_and_missing(write, networks, keep_ids):
    # The people walk straight on, so that the missing frames' poses are known.
    order = [11, 0, 3, 2, 1, 10, 9, 8, 5]
    check_clip(lift_pose_file(write(walk(frames=order)), CAMERA, networks, keep_ids=keep_ids))


@pytest.mark.parametrize('keep_ids', [False, True])
def test_nobody(write, networks, keep_ids):
    one = walk(frames=[0])
    with_empty_frames = write({**{t: [] for t in range(5)}, **({9: one[0]} if keep_ids else {})})
    lifted = lift_pose_file(with_empty_frames, CAMERA, networks, keep_ids=keep_ids)
    # By the file's ids everybody counts, one frame or not.
    assert [each.frame_ids.tolist() for each in lifted] == ([[9], [9]] if keep_ids else [])
    assert all(np.isfinite(each.keypoints_cam).all() for each in lifted)


def test_one_frame_is_too_short_for_a_track_of_ours(write, networks):
    assert lift_pose_file(write(walk(frames=[4])), CAMERA, networks) == []


def test_one_joint(write, networks):
    scores = np.where(np.arange(17) == 4, 0.9, 0)
    path = write(walk(score=scores))
    assert lift_pose_file(path, CAMERA, networks) == []
    lifted = lift_pose_file(path, CAMERA, networks, keep_ids=True)
    assert len(lifted) == 2 and all(np.isfinite(each.keypoints_cam).all() for each in lifted)


def test_no_confidence(write, networks):
    path = write(walk(score=0))
    assert lift_pose_file(path, CAMERA, networks) == []
    lifted = lift_pose_file(path, CAMERA, networks, keep_ids=True)
    assert len(lifted) == 2 and all(np.isnan(each.keypoints_cam).all() for each in lifted)


def test_two_people_with_one_id_and_people_without(write, networks):
    for ids, message in (((3, 3), 'frame 0: several people have the id 3'), ((None, 1), 'does not number all')):
        path = write(walk(ids))
        with pytest.raises(ValueError, match=f'poses.json: {message}'):
            lift_pose_file(path, CAMERA, networks, keep_ids=True)
        assert [each.track_id for each in pose_tracks(path)] == [0, 1]


def test_poses_of_a_larger_image_are_named(write, networks):
    frames = {t: [(0, 4 * CLIP[t, 0], 0.9)] for t in range(FRAMES)}
    with pytest.raises(
        ValueError, match=r"poses.json: \d+ % of the joints lie outside of the camera's image of 640 x 480"
    ):
        lift_pose_file(write(frames), CAMERA, networks)


def test_images_of_two_videos_are_named(tmp_path):
    images = [{'file_name': name, 'people': []} for name in ('a/img_3.jpg', 'b/img_0003.jpg')]
    (tmp_path / 'p.json').write_text(json.dumps({'format': 'mmp3d-poses2d', 'images': images}))
    with pytest.raises(ValueError, match='a/img_3.jpg.*b/img_0003.jpg.*are both frame 3; track one video at a time'):
        pose_tracks(tmp_path / 'p.json')
    (tmp_path / 'p.json').write_text(
        json.dumps({'format': 'mmp3d-poses2d', 'images': [{**images[0], 'file_name': 'x'}]})
    )
    with pytest.raises(ValueError, match="image 'x' has no number"):
        pose_tracks(tmp_path / 'p.json')
    with pytest.raises(FileNotFoundError, match='nothing.json'):
        pose_tracks(tmp_path / 'nothing.json')


def ids_against_the_file_s(path):
    """Ids of ours, ids of the file, poses left out, and how often one of the file's people changes ours."""
    poses, tracks = read_pose2d_file(path), pose_tracks(path)
    ours = {}
    for track in tracks:
        for frame_id, keypoints in zip(track.frame_ids.tolist(), track.keypoints, strict=True):
            ours.setdefault(frame_id, []).append((track.track_id, keypoints))
    last, switches, left_out = {}, 0, 0
    for frame_id, key in keys_of_frames(poses).items():
        for who, keypoints in zip(poses.track_ids[key].tolist(), poses[key][0], strict=True):
            same = [number for number, points in ours.get(frame_id, []) if np.allclose(points, keypoints, atol=0.01)]
            if not same:
                left_out += 1
                continue
            switches += last.get(who, same[0]) != same[0]
            last[who] = same[0]
    people = {who for ids in poses.track_ids.values() for who in ids.tolist()}
    return len(tracks), len(people), left_out, switches


@pytest.mark.parametrize(('camera', 'expected'), [('cam01', (3, 3, 0, 0)), ('cam03', (2, 2, 0, 0))])
def test_a_real_video_against_the_ids_of_its_file(camera, expected):
    # They come from a tracker, too: that both agree does not make them right.
    assert ids_against_the_file_s(shared_path(f'real/two_person/poses2d_monocular_{camera}.json')) == expected
