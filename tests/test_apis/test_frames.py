"""Sources of frames: what is accepted, in which order, and what is said about the rest."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmp3d.apis import frames
from mmp3d.apis.frames import ImageArray, ImageFile, VideoFile, open_sources, read_frames
from tests.test_apis import scenes


def test_kinds(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.PNG'), scenes.image())
    video = scenes.write_video(tmp_path / 'clip.mp4', 2)
    sources = open_sources([tmp_path, video, scenes.image(), str(tmp_path / 'a.PNG')])
    assert [type(source) for source in sources] == [ImageFile, VideoFile, ImageArray, ImageFile]
    assert [len(source) for source in sources] == [1, 2, 1, 1]
    read = list(read_frames(sources))
    assert [frame.index for frame in read] == [0, 0, 1, 0, 0]
    assert np.array_equal(read[0].image, scenes.image())


@pytest.mark.parametrize(
    ('inputs', 'error', 'named'),
    [
        ('missing.jpg', FileNotFoundError, 'missing.jpg'),
        (['missing.mp4'], FileNotFoundError, 'missing.mp4'),
        ([], ValueError, 'empty'),
        ([3], ValueError, 'int'),
        (np.zeros((4, 4)), ValueError, r'\(4, 4\) float64'),
        (np.zeros((0, 4, 3), np.uint8), ValueError, r'\(0, 4, 3\)'),
        ('webcam:x', ValueError, 'webcam:x'),
    ],
)
def test_refused_inputs(inputs, error, named):
    with pytest.raises(error, match=named):
        open_sources(inputs)


def test_folder_without_images_and_unknown_suffix(tmp_path):
    with pytest.raises(ValueError, match='no images'):
        open_sources(str(tmp_path))
    (tmp_path / 'notes.txt').write_text('words')
    with pytest.raises(ValueError, match=r'notes\.txt'):
        open_sources(str(tmp_path / 'notes.txt'))


def test_video_that_ends_early_is_reported(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(frames, 'warn', said.append)
    source = VideoFile(str(scenes.write_video(tmp_path / 'clip.mp4', 3)))
    source.length = 5  # what the header of a truncated file still says
    assert len(list(source.frames())) == 3
    assert len(said) == 1 and '3 of 5 frames' in said[0]


def test_one_unreadable_among_several(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(frames, 'warn', said.append)
    (tmp_path / 'a.mp4').write_bytes(b'no video')
    read = list(read_frames(open_sources([tmp_path / 'a.mp4', scenes.image()])))
    assert read[0].image is None and 'a.mp4' in read[0].error
    assert read[1].image is not None
    assert len(said) == 1


class FakeCapture:
    """A camera with two frames."""

    def __init__(self, number: int) -> None:
        self.left = [scenes.image(0), scenes.image(1)]

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def read(self):
        return (True, self.left.pop(0)) if self.left else (False, None)

    def release(self) -> None:
        pass


def test_webcam(monkeypatch):
    monkeypatch.setattr(frames.cv2, 'VideoCapture', FakeCapture)
    (source,) = open_sources('webcam:1')
    assert source.number == 1
    assert [frame.index for frame in source.frames()] == [0, 1]


def test_webcam_that_is_not_there(monkeypatch):
    monkeypatch.setattr(FakeCapture, 'isOpened', lambda self: False)
    monkeypatch.setattr(frames.cv2, 'VideoCapture', FakeCapture)
    with pytest.raises(ValueError, match='camera 7'):
        list(read_frames(open_sources('webcam:7')))


def test_truncated_motion_jpeg_gives_its_first_frames(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(frames, 'warn', said.append)
    path = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 25, scenes.IMAGE_SIZE)
    for index in range(8):
        writer.write(scenes.image(index))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    count = len(list(read_frames(open_sources(path))))
    assert 0 < count < 8
    assert len(said) == 1 and f'{count} of 8' in said[0]
