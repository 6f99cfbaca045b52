"""2D poses to a clip: the tracks' frames and ids, whatever numbers the images have."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.apis.lifted_clip import lifted_clip
from mmp3d.geometry import Camera
from mmp3d.pipeline import lift_pose_file
from tests.test_apis import scenes

CAMERA = Camera.from_fov(60, scenes.IMAGE_SIZE)


@pytest.fixture(scope='module')
def networks():
    register_all_modules()
    torch.manual_seed(0)
    return MODELS.build(scenes.LIFTERS).eval()


def test_positions_and_scores_lie_at_the_tracks_frames(networks, tmp_path):
    path = scenes.write_poses(tmp_path / 'poses.json', range(3, 10))
    clip = lifted_clip(path, CAMERA, networks, 30, 'walk', num_frames=12)
    tracks = lift_pose_file(path, CAMERA, networks)
    assert clip.track_ids.tolist() == [track.track_id for track in tracks] == [0, 1]
    for row, track in enumerate(tracks):
        np.testing.assert_array_equal(clip.positions[row, 3:10], track.keypoints_cam)
    assert clip.present.sum(axis=0).tolist() == [0] * 3 + [2] * 7 + [0] * 2
    np.testing.assert_array_equal(clip.scores[:, 3:10], 1)
    assert (clip.fps, clip.seq_name, clip.camera) == (30, 'walk', CAMERA)


def test_image_ids_count_from_the_least(networks, tmp_path):
    path = scenes.write_poses(tmp_path / 'poses.json', range(9_000_001, 9_000_007), key='img_id')
    clip = lifted_clip(path, CAMERA, networks, 30)
    assert clip.num_frames == 6 and clip.present.all()


def test_images_of_a_video_before_anybody_is_found_count(networks, tmp_path):
    path = scenes.write_poses(tmp_path / 'poses.json', range(3, 10), key='img_id')
    clip = lifted_clip(path, CAMERA, networks, 30, num_frames=12)
    assert clip.present.sum(axis=0).tolist() == [0] * 3 + [2] * 7 + [0] * 2
    clip = lifted_clip(
        path, CAMERA, networks, 30, num_frames=12, image_names=[f'img_{number:03d}.jpg' for number in range(1, 13)]
    )
    assert clip.present.sum(axis=0).tolist() == [0] * 2 + [2] * 7 + [0] * 3


def test_own_ids_are_kept(networks, tmp_path):
    path = scenes.write_poses(tmp_path / 'poses.json', range(6), track_ids=(41, 7))
    clip = lifted_clip(path, CAMERA, networks, 30, keep_ids=True)
    assert sorted(clip.track_ids.tolist()) == [7, 41]


def test_nobody_is_an_empty_clip(networks, tmp_path):
    path = scenes.write_poses(tmp_path / 'poses.json', range(4), lefts=())
    assert lifted_clip(path, CAMERA, networks, 30).positions.shape == (0, 4, 17, 3)


def test_frame_numbers_out_of_reach_are_named(networks, tmp_path):
    path = scenes.write_poses(tmp_path / 'poses.json', [0, 10**9])
    with pytest.raises(ValueError, match=r'poses\.json: frame numbers reach 1000000000'):
        lifted_clip(path, CAMERA, networks, 30)
