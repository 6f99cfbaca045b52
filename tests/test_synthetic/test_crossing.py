"""The clip of two people who cross: they do, and its files tell the same."""

from __future__ import annotations

import json

import cv2
import numpy as np

from mmp3d.apis.camera_file import read_camera
from mmp3d.datasets.pose2d_file import read_pose2d_file
from mmp3d.geometry import MUPOTS17
from mmp3d.synthetic.crossing import CAMERA, POSES, TRUTH, write_crossing

ROOT = MUPOTS17.root_index


def test_two_people_pass_each_other(tmp_path):
    video = write_crossing(tmp_path, frames=9, size=(160, 90), seed=3)
    capture = cv2.VideoCapture(str(video))
    assert [capture.get(field) for field in (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FPS)] == [9, 25]
    camera, truth = read_camera(tmp_path / CAMERA), np.load(tmp_path / TRUTH)['keypoints_cam']
    assert camera.image_size == (160, 90) and truth.shape == (9, 2, 21, 3)
    near, far = truth[:, 0, ROOT], truth[:, 1, ROOT]
    assert (near[:, 2] < far[:, 2]).all()
    # Times are -4.5 to 3.5 frames around the meeting: who was left is right in the end.
    assert near[0, 0] < far[0, 0] and near[-1, 0] > far[-1, 0]
    poses = read_pose2d_file(tmp_path / POSES)
    assert poses.key == 'frame_id' and len(json.loads((tmp_path / POSES).read_text())['images']) == 9
    keypoints, scores = poses[0]
    seen = scores[0] > 0.5
    off = np.linalg.norm(camera.project(truth[0, :, :17])[:, seen] - keypoints[0, seen], axis=-1).mean(axis=1)
    assert off.min() < 6


def test_one_seed_is_one_clip(tmp_path):
    for name, seed in (('a', 1), ('b', 1), ('c', 2)):
        write_crossing(tmp_path / name, frames=2, size=(96, 64), seed=seed)
    first, again, other = (np.load(tmp_path / name / TRUTH)['keypoints_cam'] for name in 'abc')
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert (tmp_path / 'a' / POSES).read_bytes() == (tmp_path / 'b' / POSES).read_bytes()
