"""The shipped weights by their alias, in our inferencer and in mmpose's, on a synthetic scene that they never saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mmpose.apis import MMPoseInferencer

from mmp3d.apis import MultiPersonPose3DInferencer
from mmp3d.apis.model_index import find_model
from mmp3d.geometry import MUPOTS17, Camera
from mmp3d.synthetic.picture import PictureMaker
from mmp3d.synthetic.scene import sample_scene

MODEL = find_model('bottomup')
pytestmark = pytest.mark.skipif(not Path(MODEL.weights).is_file(), reason=f'{MODEL.weights} is not there yet')


@pytest.fixture(scope='module')
def scene() -> tuple[np.ndarray, Camera, np.ndarray]:
    """Picture, its camera and (N, 17, 2) px of its people."""
    made = sample_scene(np.random.default_rng([7003, 1, 0]), (640, 400), (2, 2), horizon=1.0)
    picture, annotation = PictureMaker(made, np.zeros(1)).draw(0)
    return picture, made.camera, annotation.keypoints[:, : MUPOTS17.num_joints]


def test_alias_finds_people_in_front_of_the_camera(scene):
    picture, camera, _ = scene
    (result,) = MultiPersonPose3DInferencer('bottomup', device='cpu', camera=camera)(picture)
    depths = [person['root_cam'][2] for person in result['predictions'][0]]
    assert depths and all(500 < depth < 30000 for depth in depths)


def test_given_poses_are_kept_to(scene):
    picture, camera, keypoints = scene
    (result,) = MultiPersonPose3DInferencer('bottomup', device='cpu', camera=camera, pose2d=[keypoints])(picture)
    found = np.array([person['keypoints'] for person in result['predictions'][0]])
    errors = np.linalg.norm(found[:, None] - keypoints[None], axis=-1)
    assert np.median(errors.min(axis=0)) < 8


def test_stock_inferencer_finds_people_too(scene):
    stock = MMPoseInferencer(pose2d=str(MODEL.config), pose2d_weights=MODEL.weights, device='cpu')
    (result,) = stock(scene[0])
    assert len(result['predictions'][0]) >= 1
