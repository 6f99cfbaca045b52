import numpy as np
import pytest
import torch

from mmp3d.datasets.transforms import PackPoseClip
from mmp3d.geometry import Camera

CAMERA = Camera.from_fov(60, (640, 480))


def image(people=2, camera=CAMERA, seed=0):
    rng = np.random.default_rng(seed)
    points = rng.uniform(-500, 500, (people, 17, 3)) + np.array([0, 0, 4000.0])
    return dict(
        img_path='a.jpg',
        img_shape=(480, 640),
        camera=camera,
        keypoints=CAMERA.project(points).astype(np.float32),
        keypoints_visible=np.ones((people, 17), np.float32),
        keypoints_occluded=np.zeros((people, 17), np.float32),
        keypoints_cam=points.astype(np.float32),
        keypoints_3d_valid=np.ones((people, 17), np.float32),
        person_valid=np.ones(people, np.float32),
    )


def clip(frames=5, people=2):
    images = [image(people, seed=frame) for frame in range(frames)]
    item = {
        key: np.stack([each[key] for each in images]) for key in images[0] if key.startswith(('keypoints', 'person'))
    }
    return dict(item, cameras=[CAMERA] * frames, img_shape=(480, 640), seq_name='a')


def pack(item, **options):
    return PackPoseClip(**options).transform(item)


def test_an_image_is_a_clip_of_a_person_who_stands_still():
    packed = pack(image(1), repeat=4)
    assert packed['keypoints_norm'].shape == (4, 17, 2) and packed['keypoints_cam'].shape == (4, 17, 3)
    points = packed['keypoints_cam']
    torch.testing.assert_close(packed['keypoints_norm'], points[..., :2] / points[..., 2:], rtol=1e-4, atol=1e-5)
    assert (packed['keypoint_scores'] == 1).all() and (points == points[:1]).all()


def test_everybody_of_a_clip_or_one_of_them():
    everybody = pack(clip(), one_person=False)
    assert everybody['keypoints_norm'].shape == (2, 5, 17, 2)
    one = pack(clip())['keypoints_cam']
    assert any((one == person).all() for person in everybody['keypoints_cam'])


def test_people_and_joints_that_are_not_valid_are_marked():
    item = image(2)
    item['person_valid'][1] = 0
    item['keypoints_visible'][0, 3] = 0
    packed = pack(item, one_person=False)
    assert packed['keypoints_3d_valid'].sum(dim=(1, 2)).tolist() == [17, 0]
    assert packed['keypoint_scores'][0, 0, 3] == 0 and not packed['keypoints_norm'][0, 0, 3].any()


def test_a_detector_errs_and_misses_as_asked():
    noise = dict(miss=0.5, jitter=0.1, memory=0.0)
    packed = pack(image(1), noise=noise, repeat=200)
    missed = packed['keypoint_scores'] == 0
    assert 0.4 < missed.float().mean() < 0.9
    assert not packed['keypoints_norm'][missed].any()
    assert packed['keypoints'][~missed].std() > 0
    np.random.seed(3)
    first = pack(image(1), noise=noise, repeat=3)['keypoints']
    np.random.seed(3)
    torch.testing.assert_close(pack(image(1), noise=noise, repeat=3)['keypoints'], first)


def test_cameras_may_differ_from_frame_to_frame():
    item = clip(frames=2, people=1)
    item['cameras'][1] = Camera.from_fov(90, (640, 480))
    rays = pack(item)['keypoints_norm']
    np.testing.assert_allclose(rays[1], item['cameras'][1].normalize(item['keypoints'][1, 0]), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(rays[0], CAMERA.normalize(item['keypoints'][0, 0]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('item', [image(1, camera=None), image(0)])
def test_without_a_camera_or_a_person_there_is_nothing_to_lift(item):
    with pytest.raises(ValueError, match='a.jpg: a clip for lifting needs a camera and a person'):
        pack(item)
