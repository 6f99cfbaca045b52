"""The video of a clip shows the people where they are, in either frame."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mmp3d.apis import clip_video
from mmp3d.apis.clip_video import people_of, write_clip_video
from mmp3d.apis.video_file import VideoFile
from tests.test_apis import scenes
from tests.test_export.clips import walking_clip


def test_people_of_a_frame_are_the_same_in_both_frames():
    clip = walking_clip()
    frame = int(np.flatnonzero(clip.present.all(axis=0))[0])
    turn, shift = Rotation.from_euler('xyz', [0.3, -0.2, 0.5]).as_matrix(), np.array([100.0, -1500, 300])
    camera = replace(clip.camera, R=turn, t=shift)
    in_world = clip.replaced(positions=(clip.positions - shift) @ turn, frame='world', camera=camera)
    ours, theirs = (people_of(each, frame).pred_instances for each in (clip, in_world))
    assert ours.track_ids.tolist() == clip.track_ids.tolist()
    np.testing.assert_allclose(ours.keypoints_cam, theirs.keypoints_cam, atol=0.1)
    np.testing.assert_allclose(ours.keypoints, clip.camera.project(clip.positions[:, frame]), atol=0.01)


def test_who_is_away_is_not_drawn():
    clip = walking_clip()
    row, frame = np.argwhere(~clip.present)[0]
    assert clip.track_ids[row] not in people_of(clip, frame).pred_instances.track_ids


def test_an_error_leaves_no_file(tmp_path, monkeypatch):
    video = VideoFile(str(scenes.write_video(tmp_path / 'clip.mp4', 3)))
    draw, calls = clip_video.people_of, []

    def failing(*given):
        calls.append(given)
        if len(calls) == 2:
            raise ValueError('no')
        return draw(*given)

    monkeypatch.setattr(clip_video, 'people_of', failing)
    with pytest.raises(ValueError, match='no'):
        write_clip_video(tmp_path / 'out.mp4', walking_clip(), [video])
    assert [path.name for path in tmp_path.iterdir()] == ['clip.mp4']
    monkeypatch.undo()
    write_clip_video(tmp_path / 'out.mp4', walking_clip(), [video])
    assert cv2.VideoCapture(str(tmp_path / 'out.mp4')).get(cv2.CAP_PROP_FRAME_COUNT) == 3
    with pytest.raises(ValueError, match='exists'):
        write_clip_video(tmp_path / 'out.mp4', walking_clip(), [video])
