"""Sources of frames: what is accepted, in which order, and what is said about the rest."""

from __future__ import annotations

import threading
from contextlib import closing

import cv2
import numpy as np
import pytest

from mmp3d.apis import frames
from mmp3d.apis.frames import open_sources, read_frames
from mmp3d.apis.sources import Frame, ImageArray, ImageFile, ImageStream
from mmp3d.apis.video_file import VideoFile
from mmp3d.natural_order import natural_key
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


def test_a_generator_is_one_video(tmp_path):
    (source,) = open_sources(scenes.image(index) for index in range(3))
    assert isinstance(source, ImageStream) and source.is_video and source.name == 'stream'
    assert [frame.index for frame in source.frames()] == [0, 1, 2]
    with pytest.raises(ValueError, match='stream, image 1.*float64'):
        list(read_frames(open_sources(iter([scenes.image(), np.zeros((4, 4))]))))
    with pytest.raises(ValueError, match='image 0: expected an image array, got str'):
        list(read_frames(open_sources(iter(['a.jpg']))))


def test_sources_are_inputs_themselves():
    source = ImageArray(scenes.image(), 'a')
    assert open_sources([source]) == [source]


def test_folder_without_images_and_unknown_suffix(tmp_path):
    with pytest.raises(ValueError, match='no images'):
        open_sources(str(tmp_path))
    (tmp_path / 'notes.txt').write_text('words')
    with pytest.raises(ValueError, match=r'notes\.txt'):
        open_sources(str(tmp_path / 'notes.txt'))


def test_images_of_a_folder_come_by_the_numbers_in_their_names(tmp_path):
    names = ['1', '2', '10', '11', 'a02', 'a2', 'a-2', 'b2 c9', 'b2 c10', 'b10']
    for name in (*names, '._1', '._10'):
        (tmp_path / f'{name}.png').touch()
    assert [source.name for source in open_sources(tmp_path)] == names
    alike = ['cam1-x0001.png', 'cam1_0002.png', 'cam2-0001.png', 'x (1).png', 'x.png']
    assert sorted(alike, key=natural_key) == sorted(alike)


def test_one_unreadable_among_several(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(frames, 'warn', said.append)
    (tmp_path / 'a.mp4').write_bytes(b'no video')
    read = list(read_frames(open_sources([tmp_path / 'a.mp4', scenes.image()])))
    assert read[0].image is None and 'a.mp4' in read[0].error
    assert read[1].image is not None
    assert len(said) == 1


def readers_of(sources, ahead):
    """The frames, and in which threads they were read."""
    threads, found = set(), []
    for source in sources:
        read = source.frames
        source.frames = lambda read=read: (threads.add(threading.current_thread()) or frame for frame in read())
    for frame in ahead(sources):
        found.append(frame)
    return found, threads


def test_frames_of_files_are_read_ahead_by_another_thread_and_others_are_not(tmp_path):
    video = VideoFile(str(scenes.write_video(tmp_path / 'clip.mp4', 5)))
    found, threads = readers_of([video, ImageArray(scenes.image(), 'a')], frames.frames_ahead)
    assert [frame.index for frame in found] == [0, 1, 2, 3, 4, 0]
    assert len(threads) == 1 and threading.main_thread() not in threads
    found, threads = readers_of([ImageStream(iter([scenes.image()] * 2))], frames.frames_ahead)
    assert len(found) == 2 and threads == {threading.main_thread()}


def test_few_large_frames_wait(monkeypatch):
    image = scenes.image()
    monkeypatch.setattr(frames, 'BYTES_AHEAD', 3 * image.nbytes)
    read = []
    sources = [ImageArray(image, str(number)) for number in range(9)]
    for source in sources:
        source.frames = lambda source=source: iter([read.append(source) or Frame(image, source)])
    with closing(frames.frames_ahead(sources)) as ahead:
        next(ahead)
        assert len(read) <= 4
        assert len(list(ahead)) == 8


def test_what_is_found_in_a_stream_is_looked_for_when_it_is_asked_for():
    looked = []
    found = (looked.append(number) or number for number in range(3))
    stream = frames.beside_drawing(found, [ImageStream(iter(()))])
    assert next(stream) == 0 and looked == [0]
    assert list(frames.beside_drawing(stream, [ImageArray(scenes.image(), 'a')])) == [1, 2]
