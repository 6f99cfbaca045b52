"""The frames of a clip for the stages, and what ends it early."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmp3d.apis.cameras import FrameCamera
from mmp3d.apis.clip_reader import ClipReader, ReaderOptions
from mmp3d.apis.frames import open_sources
from mmp3d.apis.given_poses import pose_lookup
from tests.test_apis import scenes

NO_POSES = pose_lookup(None)


def reader(inputs, poses=NO_POSES, **options):
    return ClipReader(open_sources(inputs), FrameCamera(60.0), poses, **options)


def images_in(folder, sizes):
    for number, size in enumerate(sizes):
        cv2.imwrite(str(folder / f'{number}.png'), cv2.resize(scenes.image(number), size))
    return folder


def test_frames_keep_no_images(tmp_path):
    clip = reader(scenes.write_video(tmp_path / 'clip.mp4', 4))
    assert (clip.size, clip.camera.image_size, clip.camera.source) == ((192, 128), (192, 128), 'fov')
    assert [(frame.frame_id, frame.image.shape) for frame in clip] == [(n, (128, 192, 3)) for n in range(4)]
    assert [(frame.index, frame.image) for frame in clip.frames] == [(n, None) for n in range(4)]
    assert clip.ended_by is None


def test_unreadable_images_are_frames(tmp_path):
    images_in(tmp_path, [(192, 128)] * 3)
    for name in ('0.png', '2.png'):
        (tmp_path / name).write_bytes(b'no image')
    clip = reader(tmp_path)
    assert [frame.image is None for frame in clip] == [True, False, True]
    assert '0.png' in clip.frames[0].error and not clip.frames[1].error


def test_an_image_of_another_size_ends_the_clip(tmp_path):
    clip = reader(images_in(tmp_path, [(192, 128), (192, 128), (96, 64)]))
    assert len(list(clip)) == 2
    assert '2.png: 96 x 64 px, but the clip began with 192 x 128' in str(clip.ended_by)


def test_poses_that_are_missing_end_the_clip_but_not_before_it_began(tmp_path):
    video = scenes.write_video(tmp_path / 'clip.mp4', 3)
    clip = reader(video, pose_lookup([scenes.poses(50)] * 2))
    assert [frame.poses[0].shape for frame in clip] == [(1, 17, 2)] * 2
    assert '2 entries' in str(clip.ended_by)
    with pytest.raises(ValueError, match='shape'):
        list(reader(video, pose_lookup([np.zeros((1, 3, 3))])))


def test_a_stop_ends_the_clip_with_what_was_read(tmp_path):
    clip = reader(scenes.write_video(tmp_path / 'clip.mp4', 5))
    taken = []
    for frame in clip:
        taken.append(frame)
        if len(taken) == 2:
            clip.stop()
    assert len(taken) == 2 and isinstance(clip.ended_by, KeyboardInterrupt)


def test_a_stop_after_the_last_frame_is_remembered_and_costs_no_frame(tmp_path):
    images_in(tmp_path, [(16, 12)] * 2)
    frames = reader(tmp_path)
    assert len(list(frames)) == 2 and not frames.is_stopped
    frames.stop()
    assert frames.is_stopped and frames.ended_by is None and len(frames.frames) == 2


def test_stamps_tell_other_files_pictures_and_precision(tmp_path):
    def stamps(inputs, **options):
        return [frame.stamp for frame in reader(inputs, options=ReaderOptions(in_memory=False, **options))]

    video = scenes.write_video(tmp_path / 'clip.mp4', 2)
    assert stamps(video) == stamps(video) != stamps(video, in_half=True)
    assert stamps(iter([scenes.image(0)])) == stamps(iter([scenes.image(0)])) != stamps(iter([scenes.image(1)]))
    assert stamps(video) != stamps(scenes.write_video(tmp_path / 'other.mp4', 2))
    assert [frame.stamp for frame in reader(video)] == ['', '']
