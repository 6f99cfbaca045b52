"""A camera of this machine, played by a stand-in."""

from __future__ import annotations

import pytest

from mmp3d.apis import webcam
from mmp3d.apis.frames import open_sources, read_frames
from tests.test_apis import scenes


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
    monkeypatch.setattr(webcam.cv2, 'VideoCapture', FakeCapture)
    (source,) = open_sources('webcam:1')
    assert source.number == 1
    assert [frame.index for frame in source.frames()] == [0, 1]


@pytest.mark.parametrize('number', ['99999999999', '2147483648', '9' * 100, '-1', '²', 'front'])
def test_a_number_that_no_camera_has_is_named(number):
    with pytest.raises(ValueError, match=r"'webcam:number', up to 2147483647, got 'webcam:"):
        open_sources(f'webcam:{number}')
    assert open_sources('webcam:2147483647')[0].number == 2147483647


def test_webcam_that_is_not_there(monkeypatch):
    monkeypatch.setattr(FakeCapture, 'isOpened', lambda self: False)
    monkeypatch.setattr(webcam.cv2, 'VideoCapture', FakeCapture)
    with pytest.raises(ValueError, match='camera 7'):
        list(read_frames(open_sources('webcam:7')))
