"""Names of output files, and that none is there before it is whole."""

from __future__ import annotations

import numpy as np
import pytest

from mmp3d.apis.outputs import OutputFiles, VideoPictures
from mmp3d.apis.sources import ImageFile
from mmp3d.apis.video_file import VideoFile
from tests.test_apis import scenes

PICTURE = np.zeros((360, 901, 3), np.uint8)


def test_equal_names_get_numbers(tmp_path):
    sources = [ImageFile(f'{folder}/a.png') for folder in 'xyz']
    outputs = OutputFiles(str(tmp_path), '', sources)
    for source in sources:
        outputs.add(source, {}, PICTURE)
    outputs.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.jpg', 'a_1.jpg', 'a_2.jpg']


def test_a_file_for_one_input_only(tmp_path):
    sources = [ImageFile('a.png'), ImageFile('b.png')]
    outputs = OutputFiles(str(tmp_path / 'new' / 'x.png'), '', sources[:1])
    outputs.add(sources[0], {}, PICTURE)
    outputs.close()
    assert (tmp_path / 'new' / 'x.png').is_file()
    with pytest.raises(ValueError, match='2 inputs'):
        OutputFiles(str(tmp_path / 'x.png'), '', sources)


def test_the_input_is_not_overwritten(tmp_path):
    source = VideoFile(str(scenes.write_video(tmp_path / 'clip.mp4', 1)))
    with pytest.raises(ValueError, match='is the input itself'):
        OutputFiles(str(tmp_path), '', [source])


def test_video_is_named_when_it_is_whole(tmp_path):
    video = VideoPictures(tmp_path / 'clip.mp4', 25)
    video.add(PICTURE)
    assert [path.name for path in tmp_path.iterdir()] == ['clip.partial.mp4']
    video.close()
    assert [path.name for path in tmp_path.iterdir()] == ['clip.mp4']


def test_nothing_asked_for_writes_nothing(tmp_path):
    source = ImageFile('a.png')
    outputs = OutputFiles('', '', [source])
    outputs.add(source, {}, PICTURE)
    outputs.close()
    assert not list(tmp_path.iterdir())


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
