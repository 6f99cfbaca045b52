"""Videos from pictures: none is there before it is whole, and none loses a picture."""

from __future__ import annotations

import os

import cv2
import numpy as np
import pytest

from mmp3d.apis.video_pictures import VideoPictures

PICTURE = np.zeros((360, 901, 3), np.uint8)


def test_video_is_named_when_it_is_whole(tmp_path):
    video = VideoPictures(tmp_path / 'clip.mp4', 25)
    video.add(PICTURE)
    assert [path.name for path in tmp_path.iterdir()] == ['clip.partial.mp4']
    video.close()
    assert [path.name for path in tmp_path.iterdir()] == ['clip.mp4']


def test_a_name_that_is_no_text(tmp_path):
    name = os.fsdecode(b'clip\xff.mp4')
    try:
        (tmp_path / name).touch()
    except OSError:
        pytest.skip('the file system takes text alone')
    video = VideoPictures(tmp_path / name, 25)
    video.add(PICTURE)
    video.close()
    assert (tmp_path / name).stat().st_size > 0 and len(list(tmp_path.iterdir())) == 1


def test_a_caller_may_draw_on_what_waits_to_be_encoded(tmp_path):
    for name in ('kept', 'changed'):
        video = VideoPictures(tmp_path / f'{name}.mp4', 25)
        for shade in (40, 200):
            picture = np.full_like(PICTURE, shade)
            video.add(picture)
            picture[:] = 0 if name == 'changed' else shade
        video.close()
    assert (tmp_path / 'kept.mp4').read_bytes() == (tmp_path / 'changed.mp4').read_bytes()


def test_an_error_of_the_encoder_ends_the_video(tmp_path, monkeypatch):
    def failing(self, picture):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(VideoPictures, '_encode', failing)
    video = VideoPictures(tmp_path / 'clip.mp4', 25)
    video.add(PICTURE)
    with pytest.raises(OSError, match='No space left'):
        video.close()
    video.discard()
    assert not list(tmp_path.iterdir())


def test_a_video_that_cannot_be_written_leaves_its_own_error(tmp_path):
    video = VideoPictures(tmp_path / 'clip.unknown', 25)
    with pytest.raises(ValueError, match=r'cannot write a video to .*clip.unknown'):
        video.add(PICTURE)
    video.close()
    video.discard()
    assert not list(tmp_path.iterdir())


def frames_of(path):
    """(F, H, W, 3) RGB."""
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1][..., ::-1])
    return np.array(frames)


def test_pictures_of_other_sizes_are_fitted_into_the_first_ones(tmp_path):
    video = VideoPictures(tmp_path / 'vary.mp4', 25)
    for height, width in ((60, 101), (60, 101), (120, 50), (30, 100), (61, 101), (60, 101)):
        video.add(np.full((height, width, 3), 200, np.uint8))
    video.close()
    frames = frames_of(tmp_path / 'vary.mp4')
    assert frames.shape == (6, 60, 100, 3)
    lit = (frames.mean(axis=-1) > 100).mean(axis=(1, 2))
    # Whole; a tall one is 25 px wide, a flat one 30 px high.
    np.testing.assert_allclose(lit, [1, 1, 0.25, 0.5, 1, 1], atol=0.04)
    assert frames[2, :, 45:55].min() > 150 and frames[2, :, :30].max() < 50


@pytest.mark.parametrize('fps', [0.002, 119.347, 6553.61, 65535])
def test_rates_that_the_encoder_takes_or_a_rounded_one_stands_for(tmp_path, fps):
    video = VideoPictures(tmp_path / 'clip.mp4', fps)
    for _ in range(3):
        video.add(PICTURE)
    video.close()
    capture = cv2.VideoCapture(str(tmp_path / 'clip.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 3
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(fps, rel=1e-4)


@pytest.mark.parametrize('fps', [0, 0.001, 100000, float('nan'), float('inf')])
def test_rates_that_no_video_can_have(tmp_path, fps):
    with pytest.raises(ValueError, match=r'a video can have 0.002 to 65535 frames a second'):
        VideoPictures(tmp_path / 'clip.mp4', fps)


def test_a_name_as_long_as_the_file_system_takes(tmp_path):
    video = VideoPictures(tmp_path / f'{"a" * 251}.mp4', 25)
    video.add(PICTURE)
    video.close()
    assert [len(path.name) for path in tmp_path.iterdir()] == [255]
