"""The camera of a frame from a Camera, a file, an angle or nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmp3d.apis.cameras import FrameCamera, read_camera
from mmp3d.geometry import Camera

CAMERA = Camera.from_intrinsics((1000, 990), (640, 360), (1280, 720), distortion=[0.1, -0.05, 0.001, 0.002, 0.0])


def test_file_round_trip(tmp_path):
    path = tmp_path / 'camera.json'
    path.write_text(json.dumps(CAMERA.to_dict()))
    for given in (str(path), path, CAMERA, CAMERA.to_dict()):
        assert FrameCamera(given).of_size((1280, 720), 'a.jpg').to_dict() == CAMERA.to_dict()


def test_scaled_to_smaller_images():
    half = FrameCamera(CAMERA).of_size((640, 360), 'a.jpg')
    points = np.array([[100.0, -200.0, 3000.0], [0.0, 0.0, 1000.0]])
    assert np.allclose(half.project(points) + 0.5, (CAMERA.project(points) + 0.5) / 2)
    assert half.image_size == (640, 360)


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match=r'a\.jpg: 640 x 480 .* 1280 x 720'):
        FrameCamera(CAMERA).of_size((640, 480), 'a.jpg')


def test_angle():
    camera = FrameCamera(90).of_size((400, 200), 'a.jpg')
    assert (camera.source, round(camera.focal, 6)) == ('fov', 200)
    with pytest.raises(ValueError, match='180'):
        FrameCamera(180.0)
    with pytest.raises(TypeError, match='list'):
        FrameCamera([1000])


@pytest.mark.parametrize(
    ('content', 'named'),
    [
        ('{', 'not JSON'),
        ('[1]', 'list'),
        ('{"K": [[1]]}', 'image_size'),
        ('{"K": [[1]], "image_size": [4, 4]}', 'shape'),
    ],
)
def test_bad_files(tmp_path, content, named):
    path = tmp_path / 'camera.json'
    path.write_text(content)
    with pytest.raises(ValueError, match=f'camera.json.*{named}'):
        read_camera(path)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere'):
        FrameCamera(tmp_path / 'nowhere.json')
