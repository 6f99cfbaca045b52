"""Videos as they are found in the wild: what is read of them, and the one line that is said."""

from __future__ import annotations

import sys

import cv2
import numpy as np
import pytest

from mmp3d.apis import video_file
from mmp3d.apis.frames import open_sources, read_frames
from mmp3d.apis.video_file import Clock, VideoFile
from tests.test_apis import odd_videos, scenes


@pytest.fixture
def said(monkeypatch) -> list[str]:
    """What is warned of."""
    lines = []
    monkeypatch.setattr(video_file, 'warn', lines.append)
    return lines


def test_video_that_ends_early_is_reported(tmp_path, said):
    source = VideoFile(str(scenes.write_video(tmp_path / 'clip.mp4', 3)))
    source.length = 5  # what the header of a truncated file still says
    assert len(list(source.frames())) == 3
    assert len(said) == 1 and '3 of 5 frames' in said[0]


@pytest.mark.skipif(sys.platform != 'linux', reason='names that are no text are a matter of its file systems')
def test_a_name_that_is_no_text_is_read(tmp_path):
    scenes.write_video(tmp_path / 'clip.mp4', 3).rename(tmp_path / 'a\udcff.mp4')
    assert len(list(VideoFile(str(tmp_path / 'a\udcff.mp4')).frames())) == 3


def test_truncated_motion_jpeg_gives_its_first_frames(tmp_path, said):
    path = odd_videos.write_ending_early(tmp_path / 'clip.avi')
    count = len(list(read_frames(open_sources(path))))
    assert 0 < count < 8
    assert len(said) == 1 and f'{count} of 8' in said[0]


UNREADABLE = {
    'empty': (lambda path: path.touch(), 'the file is empty'),
    'text': (lambda path: path.write_text('words' * 100), 'not a video'),
    'sound': (odd_videos.write_sound, 'sound alone'),
    'cut': (odd_videos.write_cut, 'cut off before its index'),
    'pointer': (lambda path: path.write_text('version https://git-lfs.github.com/spec/v1'), 'git lfs pull'),
}


@pytest.mark.parametrize('kind', UNREADABLE)
def test_what_is_no_video_is_named_with_the_reason(tmp_path, kind, capfd):
    make, reason = UNREADABLE[kind]
    make(tmp_path / 'clip.mp4')
    with pytest.raises(ValueError, match=rf'clip\.mp4.*{reason}'):
        list(read_frames(open_sources(tmp_path / 'clip.mp4')))
    assert capfd.readouterr().err == ''  # nothing of FFmpeg's own


@pytest.mark.parametrize(
    'text',
    ['ffconcat version 1.0\nfile other.mp4\n', '#EXTM3U\nother.mp4\n', '\ufeff\n<?xml version="1.0"?><MPD/>', 'v=0\n'],
)
def test_playlists_do_not_open_other_files(tmp_path, text):
    scenes.write_video(tmp_path / 'other.mp4', 2)
    (tmp_path / 'clip.mp4').write_text(text, encoding='utf-8')
    with pytest.raises(ValueError, match=r'clip\.mp4: it is a playlist, which names other files'):
        list(read_frames(open_sources(tmp_path / 'clip.mp4')))


def test_pictures_of_another_size_within_a_file_are_brought_to_the_size_of_the_first(tmp_path, said):
    parts = [odd_videos.write_coded(tmp_path / f'{side}.avi', 'MJPG', (side, side)).read_bytes() for side in (64, 128)]
    (tmp_path / 'clip.avi').write_bytes(b''.join(parts))
    images = [frame.image for frame in read_frames(open_sources(tmp_path / 'clip.avi'))]
    assert [image.shape for image in images] == [(64, 64, 3)] * 6
    assert [round(image.mean(), -1) for image in images] == [0, 40, 80] * 2


def test_a_video_without_frames(tmp_path):
    path = odd_videos.write_coded(tmp_path / 'clip.avi', 'MJPG', frames=0)
    with pytest.raises(ValueError, match='no frame that can be decoded'):
        list(read_frames(open_sources(path)))


def test_a_turned_video_is_read_upright(tmp_path, said):
    source = VideoFile(str(odd_videos.write_turned(tmp_path / 'clip.mp4')))
    frames = list(source.frames())
    width, height = scenes.IMAGE_SIZE
    assert [frame.image.shape for frame in frames] == [(width, height, 3)] * 5
    expected = cv2.rotate(scenes.image(), cv2.ROTATE_90_CLOCKWISE).astype(int)
    assert np.abs(frames[0].image - expected).mean() < 10 and not said
    assert 'turned by 90 degrees' in frames[0].name


def test_uneven_times_are_said_with_the_drift(tmp_path, said):
    source = VideoFile(str(odd_videos.write_uneven(tmp_path / 'clip.mp4', [1] * 6 + [7] * 6)))
    assert len(list(source.frames())) == 12
    assert source.fps == pytest.approx(25 / 4, abs=0.01)
    (line,) = said
    assert '40 to 280 ms apart' in line and '6.25 frames a second' in line


def test_a_dropped_frame_is_not_worth_a_word(tmp_path, said):
    source = VideoFile(str(odd_videos.write_uneven(tmp_path / 'clip.mp4', [1, 1, 2, 1, 1, 1])))
    assert len(list(source.frames())) == 6 and not said


def test_a_file_without_times_is_not_uneven():
    clock = Clock(25)
    for _ in range(100):
        clock.add(0.0)
    assert clock.finding('clip.avi') == ''


PICTURES = {
    'odd size': (odd_videos.write_odd_sized, odd_videos.ODD_SIZE),
    'with alpha': (odd_videos.write_transparent, odd_videos.ODD_SIZE),
    'grey': (lambda path: odd_videos.write_coded(path, 'MJPG', isColor=False), scenes.IMAGE_SIZE),
}


@pytest.mark.parametrize('kind', PICTURES)
def test_unusual_pictures_come_as_colour_images_of_their_size(tmp_path, said, kind):
    write, (width, height) = PICTURES[kind]
    images = [frame.image for frame in VideoFile(str(write(tmp_path / 'clip.avi'))).frames()]
    assert [image.shape for image in images] == [(height, width, 3)] * 3 and not said
    assert np.allclose([image.mean() for image in images], [0, 40, 80], atol=3)


def test_an_8k_video_is_read_frame_by_frame(tmp_path):
    source = VideoFile(str(odd_videos.write_coded(tmp_path / 'clip.avi', 'MJPG', (7680, 4320), frames=2)))
    assert [frame.image.shape for frame in source.frames()] == [(4320, 7680, 3)] * 2


def test_frames_from_a_later_one_on_are_the_same(tmp_path):
    source = VideoFile(str(scenes.write_video(tmp_path / 'clip.mp4', 9)))
    whole, rest = list(source.frames()), list(source.frames(start=4))
    assert [frame.index for frame in rest] == [4, 5, 6, 7, 8]
    for frame, again in zip(whole[4:], rest, strict=True):
        np.testing.assert_array_equal(frame.image, again.image)
    assert list(source.frames(start=9)) == []


def test_where_a_decoder_fails_the_images_before_it_stay(tmp_path, monkeypatch, said):
    captures = []

    class Failing:
        """Two images, then an assertion of OpenCV's, as for a chunk of 64 MB in a small AVI."""

        def __init__(self, path=''):
            self.left, self.released = 2, False
            captures.append(self)

        def read(self):
            self.grab()
            return True, np.zeros((4, 6, 3), np.uint8)

        def grab(self):
            if not self.left:
                raise cv2.error('(-215:Assertion failed) chunk.m_size <= 67108864')
            self.left -= 1
            return True

        def release(self):
            self.released = True

        def isOpened(self):  # noqa: N802
            return True

        def get(self, number):
            return 5.0 if number == cv2.CAP_PROP_FRAME_COUNT else 0.0

    (tmp_path / 'a.avi').write_bytes(b'RIFF')
    monkeypatch.setattr(cv2, 'VideoCapture', Failing)
    source = VideoFile(str(tmp_path / 'a.avi'))
    assert len(list(source.frames())) == 2 and 'failed at frame 2' in said[0] and '\n' not in said[0]
    assert captures[-1].released
    source.length = 0  # of a file that does not tell
    assert list(source.frames(start=3)) == [] and 'failed' in said[1]
