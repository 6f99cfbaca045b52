"""Tracks are lifted in passes that overlap, so that nobody sees where one ends."""

import numpy as np
import pytest

from mmp3d.geometry import Camera
from mmp3d.onnx.lifting import OnnxLifter
from mmp3d.pipeline import Track

CAMERA = Camera.from_fov(60, (640, 480))


def mean_of_neighbours(rays, scores):
    """A network that answers with the mean ray of two frames before and one after, ends repeated."""
    frames = rays.shape[1]
    places = np.clip(np.arange(frames)[:, None] + np.arange(-2, 2), 0, frames - 1)
    mean = rays[0][places].mean(axis=1)
    return {'keypoints_cam': np.concatenate([mean, scores[0][..., None]], axis=-1)[None]}


@pytest.mark.parametrize('frames', [1, 6, 7, 23])
def test_passes_give_what_a_single_one_gives(frames):
    points = np.random.default_rng(0).uniform(0, 400, (frames, 17, 2))
    track = Track(3, np.arange(10, 10 + frames), points, np.ones((frames, 17)))
    (whole,) = OnnxLifter(mean_of_neighbours, (2, 1)).lift([track], CAMERA)
    (parts,) = OnnxLifter(mean_of_neighbours, (2, 1), chunk_frames=6).lift([track], CAMERA)
    assert whole.track_id == 3 and whole.frame_ids.tolist() == list(range(10, 10 + frames))
    np.testing.assert_array_equal(whole.keypoints_cam, parts.keypoints_cam)


def test_a_track_without_joints_is_nowhere_and_no_track_is_legal():
    track = Track(0, np.arange(2), np.zeros((2, 17, 2)), np.zeros((2, 17)))
    (lifted,) = OnnxLifter(mean_of_neighbours, (0, 0)).lift([track], CAMERA)
    assert np.isnan(lifted.keypoints_cam).all()
    assert OnnxLifter(mean_of_neighbours, (0, 0)).lift([], CAMERA) == []
