"""Camera files of every format, and what is said where they are not right."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmp3d.apis.camera_file import PARSERS, read_camera
from mmp3d.apis.cameras import FocalLength, FrameCamera
from mmp3d.apis.colmap_camera import parse_colmap
from mmp3d.apis.exif_focal import exif_focal
from mmp3d.apis.opencv_camera import parse_yaml
from mmp3d.geometry import Camera

K = np.array([[900.0, 0, 319.5], [0, 910, 239.5], [0, 0, 1]])
ROS = """image_width: 640
image_height: 480
camera_matrix: {rows: 3, cols: 3, data: [900, 0, 319.5, 0, 910, 239.5, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0.1, -0.2, 0.001, 0.002, 0.03]}
"""


@pytest.mark.parametrize('suffix', ['.yaml', '.json'])
def test_what_opencv_writes_is_read(tmp_path, suffix):
    path = tmp_path / f'camera{suffix}'
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write('image_width', 640)
    storage.write('image_height', 480)
    storage.write('camera_matrix', K)
    storage.write('distortion_coefficients', np.array([[0.1, -0.2, 0.001, 0.002, 0.03]]))
    storage.release()
    camera = read_camera(path)
    np.testing.assert_allclose(camera.K, K)
    np.testing.assert_allclose(camera.distortion, [0.1, -0.2, 0.001, 0.002, 0.03])
    assert (camera.image_size, camera.source) == ((640, 480), 'given')


def test_ros_and_our_own_json_are_read(tmp_path):
    np.testing.assert_allclose(parse_yaml(ROS).K, K)
    path = tmp_path / 'camera.json'
    path.write_text(json.dumps(Camera(K, (640, 480)).to_dict()))
    np.testing.assert_allclose(read_camera(path).K, K)


@pytest.mark.parametrize(
    ('line', 'focal', 'distortion'),
    [
        ('SIMPLE_PINHOLE 640 480 900 320 240', (900, 900), None),
        ('PINHOLE 640 480 900 910 320 240', (900, 910), None),
        ('SIMPLE_RADIAL 640 480 900 320 240 0.1', (900, 900), [0.1, 0, 0, 0, 0]),
        ('OPENCV 640 480 900 910 320 240 .1 .2 .3 .4', (900, 910), [0.1, 0.2, 0.3, 0.4, 0]),
        ('FULL_OPENCV 640 480 900 910 320 240 .1 .2 .3 .4 .5 0 0 0', (900, 910), [0.1, 0.2, 0.3, 0.4, 0.5]),
    ],
)
def test_colmap_models(line, focal, distortion):
    camera = parse_colmap(f'# Camera list\n1 {line}\n')
    assert tuple(np.diag(camera.K)[:2]) == focal
    # Its pixels are counted from the corner of the first one, ours from its centre.
    assert tuple(camera.K[:2, 2]) == (319.5, 239.5)
    assert (camera.distortion is None) == (distortion is None)
    assert distortion is None or camera.distortion.tolist() == distortion


@pytest.mark.parametrize(
    ('name', 'text', 'said'),
    [
        ('a.yaml', 'image_width: 640', 'camera matrix'),
        ('a.yaml', ROS.replace('image_width', 'breadth'), 'image_width'),
        ('a.yaml', ROS.replace('plumb_bob', 'equidistant'), 'equidistant'),
        ('a.yaml', '{', 'not YAML'),
        ('a.txt', '', '0 cameras'),
        ('a.txt', '1 FISHEYE 640 480 1 2 3', 'FISHEYE'),
        ('a.txt', '1 PINHOLE 640 480 1 2 3', '4 parameters'),
        ('a.json', '[]', 'list'),
        ('a.xml', '', 'must end in'),
    ],
)
def test_errors_name_file_and_field(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=said) as raised:
        read_camera(tmp_path / name)
    assert name in str(raised.value)


@given(st.sampled_from(list(PARSERS)), st.text(max_size=60), st.integers(0, len(ROS)))
def test_damaged_files_end_in_a_named_error(tmp_path_factory, suffix, inserted, place):
    path = tmp_path_factory.mktemp('camera') / f'camera{suffix}'
    path.write_text(ROS[:place] + inserted + ROS[place:], encoding='utf-8')
    try:
        assert isinstance(read_camera(path), Camera)
    except ValueError as error:
        assert str(path) in str(error)


def _photograph(path, fields, size=(600, 400)):
    image = Image.new('RGB', size)
    exif = image.getexif()
    exif.get_ifd(0x8769).update(fields)
    image.save(path, exif=exif)


def test_exif_focal_length(tmp_path):
    path = tmp_path / 'photo.jpg'
    _photograph(path, {0xA405: 36, 0xA002: 600, 0xA003: 400})
    # A 3:2 picture is the film's shape: 36 mm span its width.
    assert exif_focal(path, (600, 400)) == pytest.approx(600)
    camera = FrameCamera().of_image((600, 400), 'photo', str(path))
    assert (camera.source, round(camera.focal)) == ('exif', 600)
    assert exif_focal(path, (400, 400)) is None
    _photograph(path, {0x920A: 18.0, 0xA20E: 1000 / 2.4, 0xA210: 3, 0xA002: 1200, 0xA003: 800})
    assert exif_focal(path, (600, 400)) == pytest.approx(18 * 1000 / 24 / 2, rel=1e-3)
    _photograph(path, {})
    assert exif_focal(path, (600, 400)) is None


def test_a_photograph_too_large_for_its_reader_has_no_exif_data(tmp_path, monkeypatch):
    _photograph(tmp_path / 'photo.jpg', {0xA405: 36, 0xA002: 600, 0xA003: 400})
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 1000)
    assert exif_focal(tmp_path / 'photo.jpg', (600, 400)) is None


def test_focal_length_in_pixels():
    camera = FrameCamera(FocalLength(700)).of_size((640, 480), 'x')
    assert (camera.focal, camera.source) == (pytest.approx(700), 'focal')
    with pytest.raises(ValueError, match='positive'):
        FocalLength(-1)
