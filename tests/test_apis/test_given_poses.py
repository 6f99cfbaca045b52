"""Which 2D poses belong to which frame."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmp3d.apis.given_poses import pose_lookup
from mmp3d.apis.sources import Frame, ImageFile, Source
from mmp3d.apis.video_file import VideoFile
from mmp3d.datasets.report import recorded
from tests.test_apis import scenes


def write(path, key: str, *names) -> str:
    people = scenes.poses(50)
    images = [
        {key: name, 'people': [{'keypoints': (person + [index, 0, 0]).tolist()} for person in people]}
        for index, name in enumerate(names)
    ]
    path.write_text(json.dumps({'format': 'mmp3d-poses2d', 'joint_set': 'mupots17', 'images': images}))
    return str(path)


def image(path: str) -> Frame:
    return Frame(scenes.image(), ImageFile(path))


def shift(found) -> float:
    return float(found[0][0, 0, 0]) - 50


def test_images_by_the_end_of_their_path(tmp_path):
    lookup = pose_lookup(write(tmp_path / 'p.json', 'file_name', 'TS1/img_0.jpg', 'TS2/img_0.jpg'))
    assert shift(lookup(image('data/TS2/img_0.jpg'), 0)) == 1
    assert len(lookup(image('data/TS3/img_0.jpg'), 0)[0]) == 0


def test_images_by_number(tmp_path):
    by_id = pose_lookup(write(tmp_path / 'a.json', 'img_id', 7, 12))
    assert shift(by_id(image('x/000000000012.jpg'), 0)) == 1
    by_place = pose_lookup(write(tmp_path / 'b.json', 'frame_id', 0, 1))
    assert shift(by_place(image('x/any.jpg'), 1)) == 1


def test_video_by_frame(tmp_path):
    source = VideoFile(str(scenes.write_video(tmp_path / 'clip.mp4', 1)))
    lookup = pose_lookup(write(tmp_path / 'p.json', 'frame_id', 0, 1))
    assert shift(lookup(Frame(scenes.image(), source, index=1), 9)) == 1
    unnumbered = pose_lookup(write(tmp_path / 'n.json', 'file_name', 'a.jpg'))
    with pytest.raises(ValueError, match=r"n\.json: image 'a\.jpg' has no number"):
        unnumbered(Frame(scenes.image(), source), 0)


def test_video_by_images(tmp_path):
    source = VideoFile(str(scenes.write_video(tmp_path / 'clip.mp4', 4)))
    named = pose_lookup(write(tmp_path / 'n.json', 'file_name', '1.jpg', '3.jpg'))
    assert [len(named(Frame(scenes.image(), source, index), 0)[0]) for index in range(4)] == [0, 1, 0, 1]
    assert shift(named(Frame(scenes.image(), source, 3), 0)) == 1
    by_id = pose_lookup(write(tmp_path / 'i.json', 'img_id', 9_000_001, 9_000_002))
    assert shift(by_id(Frame(scenes.image(), source, 1), 0)) == 1


def test_frames_without_an_entry_are_said_once(tmp_path):
    source = VideoFile(str(scenes.write_video(tmp_path / 'clip.mp4', 4)))
    lookup = pose_lookup(write(tmp_path / 'p.json', 'frame_id', 0, 3))
    with recorded() as said:
        found = [len(lookup(Frame(scenes.image(), source, index), index)[0]) for index in range(4)]
    assert found == [1, 0, 0, 1]
    (line,) = said
    assert line.endswith('clip.mp4, frame 1 is the first; the network is given nobody there')


def test_list():
    unknown = scenes.poses(50)
    unknown[0, 3] = np.nan
    lookup = pose_lookup([scenes.poses(50, 90)[..., :2], unknown, []])
    frame = Frame(scenes.image(), Source('000000'))
    assert lookup(frame, 0)[0].shape == (2, 17, 2) and lookup(frame, 0)[1].min() == 1
    keypoints, scores = lookup(frame, 1)
    assert scores[0, 3] == 0 and np.isfinite(keypoints).all()
    assert lookup(frame, 2)[0].shape == (0, 17, 2)
    with pytest.raises(ValueError, match='3 entries'):
        lookup(frame, 3)
    with pytest.raises(ValueError, match=r'pose2d\[0\].*\(2, 5\)'):
        pose_lookup([np.zeros((2, 5))])(frame, 0)


def test_others():
    frame = Frame(scenes.image(), Source('000000'))
    assert pose_lookup(None)(frame, 0) is None
    assert pose_lookup(lambda frame, number: number)(frame, 4) == 4
    with pytest.raises(TypeError, match='int'):
        pose_lookup(3)
