"""Images are read whole or reported, and an item without its image has a defined fate."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmp3d.datasets import LoadMultiPersonImage
from mmp3d.datasets.image_file import image_size, largest_reduction, read_image
from mmp3d.datasets.transforms import PackMultiPersonInputs, loading
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


@pytest.mark.parametrize(
    ('shape', 'least_side', 'factor'),
    [((2048, 2048), 768, 2), ((1080, 1920), 540, 2), ((1080, 1920), 541, 1), ((480, 640), 60, 8), ((480, 640), 500, 1)],
)
def test_reduction_leaves_the_shorter_side_long_enough(shape, least_side, factor):
    assert largest_reduction(shape, least_side) == factor


@pytest.mark.parametrize('suffix', ['jpg', 'png'])
def test_only_jpeg_is_shrunk_and_to_the_mean_of_squares(tmp_path, suffix):
    path = tmp_path / f'a.{suffix}'
    smooth = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (61, 83, 3), dtype=np.uint8), (0, 0), 6)
    cv2.imwrite(str(path), smooth, [cv2.IMWRITE_JPEG_QUALITY, 100])
    image = read_image(path, (61, 83), least_side=30)
    if suffix == 'png':
        np.testing.assert_array_equal(image, smooth)
        return
    assert image.shape == (31, 42, 3)
    means = smooth[:60, :82].astype(float).reshape(30, 2, 41, 2, 3).mean(axis=(1, 3))
    assert np.abs(image[:30, :41] - means).max() < 4


@pytest.mark.parametrize('annotated', [(60, 83), (62, 83), (61, 84), (122, 166)])
def test_a_wrong_size_is_seen_through_the_reduction(tmp_path, annotated):
    path = tmp_path / 'a.jpg'
    write_image(path, (83, 61))
    with pytest.raises(ValueError, match=f'is 83x61, annotated as {annotated[1]}x{annotated[0]}'):
        read_image(path, annotated, least_side=30)


def test_a_shrunk_item_keeps_the_shape_of_the_whole_image(tmp_path):
    path = tmp_path / 'a.jpg'
    write_image(path, (83, 61))
    item = LoadMultiPersonImage(least_side=30).transform(dict(img_path=str(path), img_shape=(61, 83)))
    assert item['img'].shape == (31, 42, 3)
    assert item['img_shape'] == item['ori_shape'] == (61, 83)
    assert item['img_reduction'] == 2
    with pytest.raises(ValueError, match='a.jpg: the image was loaded at 1/2 of its size'):
        PackMultiPersonInputs().transform(item)
    with pytest.raises(ValueError, match='least_side must be None or a positive number'):
        LoadMultiPersonImage(least_side=0)
