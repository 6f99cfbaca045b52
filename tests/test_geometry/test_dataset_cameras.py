"""Each data set's way to store a camera, against its own files where they are at hand."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mmp3d.geometry import H36M17, Camera, h36m_camera, h36m_release_camera, jta_camera, pw3d_camera
from tests.shared_data import shared_path

CAMERA_IDS = ('54138969', '55011271', '58860488', '60457274')
# 2D and 3D of the sample are float32: a pixel beyond 512 is rounded by up to 3e-5.
H36M_ERROR, H36M_LARGEST_ERROR = 2e-5, 4e-5


def h36m_cameras() -> dict[tuple[int, str], Camera]:
    """All cameras of the release, by subject and camera."""
    metadata = shared_path('real/samples/h36m/H36M-Toolbox/metadata.xml').read_text()
    numbers = np.array(re.search(r'<w0>\[(.*?)\]</w0>', metadata)[1].split(), float)
    extrinsics, intrinsics = numbers[:264].reshape(4, 11, 6), numbers[264:].reshape(4, 9)
    return {
        (subject + 1, name): h36m_release_camera(extrinsics[index, subject], intrinsics[index], (1000, 1002))
        for index, name in enumerate(CAMERA_IDS)
        for subject in range(11)
    }


def h36m_people() -> list[tuple[int, str, np.ndarray, np.ndarray]]:
    """Subject, camera, (17, 2) px and (17, 3) mm in the camera frame of the sample's people."""
    sample = np.load(shared_path('real/samples/h36m/mmpose/test_h36m_body3d.npz'))
    names = [re.match(r'S(\d+)/[^.]+\.(\d+)/', name).groups() for name in sample['imgname']]
    return [
        (int(subject), camera, pixels[:, :2], 1000 * points[:, :3])
        for (subject, camera), pixels, points in zip(names, sample['part'], sample['S'], strict=True)
    ]


def test_human36m_projects_where_its_release_does():
    cameras = h36m_cameras()
    errors = np.array([
        cameras[subject, name].project(points) - pixels for subject, name, pixels, points in h36m_people()
    ])  # fmt: skip
    assert np.sqrt((errors**2).mean()) < H36M_ERROR
    assert np.abs(errors).max() < H36M_LARGEST_ERROR


def test_human36m_is_undone_to_a_millionth_of_a_pixel():
    cameras = h36m_cameras()
    for subject, name, pixels, points in h36m_people():
        camera = cameras[subject, name]
        found = camera.back_project(pixels, points[:, 2])
        np.testing.assert_allclose(camera.project(found), pixels, atol=1e-6, rtol=0)
        np.testing.assert_allclose(found, points, atol=1e-3)


def test_human36m_extrinsics_take_world_poses_to_the_camera():
    people = json.loads(shared_path('real/samples/h36m/mmpose/h36m_coco.json').read_text())['annotations']
    cameras = h36m_cameras()
    for person, (subject, name, _, points) in zip(people, h36m_people(), strict=True):
        world = 1000 * np.reshape(person['keypoints_3d'], (H36M17.num_joints, 4))[:, :3]
        np.testing.assert_allclose(cameras[subject, name].world_to_camera(world), points, atol=1e-3)


@given(angles=st.tuples(*[st.floats(-np.pi, np.pi)] * 3), centre=st.tuples(*[st.floats(-9000, 9000)] * 3))
def test_human36m_camera_stands_at_its_centre(angles, centre):
    R = Rotation.from_euler('XYZ', angles).as_matrix()
    made = h36m_camera(R, centre, (1145, 1144), (512, 515), (-0.2, 0.25, 0), (-1e-3, -5e-4), (1000, 1002))
    world = np.random.default_rng(0).uniform(-4000, 4000, (17, 3))
    np.testing.assert_allclose(made.world_to_camera(world), (world - centre) @ R.T, atol=1e-8)
    same = h36m_release_camera((*angles, *centre), (1145, 1144, 512, 515, -0.2, 0.25, 0, -1e-3, -5e-4), (1000, 1002))
    np.testing.assert_allclose(same.R, made.R, atol=1e-12)
    np.testing.assert_allclose(same.t, made.t, atol=1e-8)
    assert same.distortion.tolist() == made.distortion.tolist() == [-0.2, 0.25, -1e-3, -5e-4, 0]


def test_human36m_columns_are_taken_as_vectors():
    column = [[1.0], [2.0], [3.0]]
    made = h36m_camera(np.eye(3), column, [[9.0], [8.0]], [[4.0], [3.0]], column, [[5.0], [6.0]], (9, 9))
    assert made.t.tolist() == [-1, -2, -3]
    assert made.distortion.tolist() == [1, 2, 5, 6, 3]


@pytest.mark.parametrize(('extrinsics', 'intrinsics'), [(np.zeros(5), np.ones(9)), (np.zeros(6), np.ones(8))])
def test_human36m_wrong_counts_are_named(extrinsics, intrinsics):
    with pytest.raises(ValueError, match='6 extrinsics and 9 intrinsics'):
        h36m_release_camera(extrinsics, intrinsics, (1000, 1002))


def test_3dpw_is_in_metres():
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = Rotation.from_euler('y', 90, degrees=True).as_matrix(), (0.1, -0.2, 3)
    camera = pw3d_camera([[1900, 0, 540], [0, 1900, 960], [0, 0, 1]], pose, (1080, 1920))
    np.testing.assert_allclose(camera.world_to_camera(np.array([1000.0, 500, 0])), (100, 300, 2000), atol=1e-9)
    with pytest.raises(ValueError, match=r'cam_pose must be \(4, 4\)'):
        pw3d_camera(camera.K, pose.T, (1080, 1920))
    with pytest.raises(ValueError, match=r'cam_pose must be \(4, 4\)'):
        pw3d_camera(camera.K, pose[:3], (1080, 1920))


def test_jta_is_one_camera_at_the_origin():
    camera = jta_camera()
    assert camera.project(np.array([0.0, 0, 5000])).tolist() == [960, 540]
    assert camera.project(np.array([1000.0, -500, 1000])).tolist() == [960 + 1158, 540 - 579]
    assert camera.image_size == (1920, 1080)
    point = np.array([1.0, 2, 3])
    assert camera.world_to_camera(point).tolist() == point.tolist()
