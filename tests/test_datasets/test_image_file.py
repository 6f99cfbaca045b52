"""Images are read whole or reported, and an item without its image has a defined fate."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmp3d.datasets import LoadMultiPersonImage
from mmp3d.datasets.image_file import image_size, read_image
from mmp3d.datasets.transforms import loading
from tests.test_datasets.scenes import write_image


@pytest.mark.parametrize('suffix', ['jpg', 'png', 'bmp'])
def test_whole_image_is_read_as_opencv_reads_it(tmp_path, suffix):
    path = tmp_path / f'a.{suffix}'
    write_image(path, (30, 20))
    np.testing.assert_array_equal(read_image(path, (20, 30)), cv2.imread(str(path)))
    assert image_size(path) == (30, 20)


@pytest.mark.parametrize('suffix', ['jpg', 'png'])
@pytest.mark.parametrize('kept', [0.0, 0.05, 0.5, 0.98])
def test_truncated_image_is_reported(tmp_path, suffix, kept):
    path = tmp_path / f'a.{suffix}'
    write_image(path, (60, 40))
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ValueError, match=f'a.{suffix}'):
        read_image(path)


def test_bytes_behind_the_image_do_no_harm(tmp_path):
    path = tmp_path / 'a.jpg'
    write_image(path, (30, 20))
    path.write_bytes(path.read_bytes() + bytes(100))
    assert read_image(path).shape == (20, 30, 3)


@pytest.mark.parametrize('content', [b'', b'text', b'\xff\xd8\xff\xd9', None])
def test_no_image_is_reported(tmp_path, content):
    path = tmp_path / 'a.jpg'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match='cannot read image .*a.jpg'):
        read_image(path)
    assert image_size(path) is None


def test_other_size_than_annotated_is_reported(tmp_path):
    write_image(tmp_path / 'a.jpg', (30, 20))
    with pytest.raises(ValueError, match='is 30x20, annotated as 20x30'):
        read_image(tmp_path / 'a.jpg', (30, 20))


def test_unreadable_image_is_dropped_in_training_and_blank_at_test(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(loading, 'warn_once', said.append)
    item = {'img_path': str(tmp_path / 'a.jpg'), 'img_shape': (20, 30)}
    load = LoadMultiPersonImage()
    assert load(dict(item)) is None
    found = load({**item, 'test_mode': True})
    assert found['img_unreadable'] and found['img'].shape == (20, 30, 3) and not found['img'].any()
    assert found['img_shape'] == found['ori_shape'] == (20, 30)
    assert all('a.jpg' in message for message in said) and len(said) == 2


def test_warning_comes_once_a_file(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr('mmp3d.datasets.report.warn', said.append)
    for name in ('a.jpg', 'b.jpg', 'a.jpg'):
        LoadMultiPersonImage()({'img_path': str(tmp_path / name)})
    assert len(said) == 2


def test_given_array_is_taken():
    found = LoadMultiPersonImage()({'img': np.ones((4, 5, 3), np.uint8), 'img_path': 'nowhere.jpg'})
    assert found['img_shape'] == (4, 5) and not found['img_unreadable']
