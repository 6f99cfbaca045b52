"""Names of output files, and which of them are refused before the work."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmp3d.apis.cameras import FrameCamera
from mmp3d.apis.given_poses import pose_lookup
from mmp3d.apis.outputs import OutputFiles
from mmp3d.apis.sources import ImageFile
from mmp3d.apis.video_file import VideoFile
from mmp3d.geometry import Camera
from tests.test_apis import scenes

PICTURE = np.zeros((360, 901, 3), np.uint8)
NOBODY = dict(
    keypoints=np.zeros((0, 17, 2)),
    keypoints_cam=np.zeros((0, 17, 3)),
    root_cam=np.zeros((0, 3)),
    bbox_scores=np.zeros(0),
)


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


def test_nothing_asked_for_writes_nothing(tmp_path):
    source = ImageFile('a.png')
    outputs = OutputFiles('', '', [source])
    outputs.add(source, {}, PICTURE)
    outputs.close()
    assert not list(tmp_path.iterdir())


def test_no_input_is_overwritten_by_what_another_one_gives(tmp_path):
    clips = [tmp_path / folder / 'x.mp4' for folder in ('one', 'two')]
    for clip in clips:
        clip.parent.mkdir()
        scenes.write_video(clip, 1)
    (tmp_path / 'link').symlink_to(tmp_path / 'two')
    before = clips[1].read_bytes()
    for folder in ('two', 'link'):
        with pytest.raises(ValueError, match=f'{folder}/x.mp4 is the input itself'):
            OutputFiles(str(tmp_path / folder), '', [VideoFile(str(clip)) for clip in clips])
    partial = clips[1].rename(tmp_path / 'two' / 'x.partial.mp4')
    with pytest.raises(ValueError, match='x.partial.mp4 is the input itself'):
        OutputFiles(str(tmp_path / 'two'), '', [VideoFile(str(clips[0])), VideoFile(str(partial))])
    assert partial.read_bytes() == before


def test_files_that_are_read_beside_the_inputs_are_not_overwritten(tmp_path):
    source = VideoFile(str(scenes.write_video(tmp_path / 'clip.mp4', 1)))
    poses = scenes.write_poses(tmp_path / 'clip.json', [0])
    for given in (poses, pose_lookup(poses)):
        with pytest.raises(ValueError, match='clip.json is the pose2d file itself; write to another folder'):
            OutputFiles('', str(tmp_path), [source], {'pose2d file': [None, given]})
    poses.write_text(json.dumps(Camera.from_fov(60, (192, 128)).to_dict()))
    for given in (str(poses), FrameCamera(poses)):
        with pytest.raises(ValueError, match='clip.json is the camera file itself'):
            OutputFiles('', str(tmp_path / 'clip.json'), [source], {'camera file': [given, 60.0]})
    OutputFiles('', str(tmp_path / 'new'), [source], {'camera file': [poses], 'pose2d file': [[PICTURE]]})
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_in_place_of_a_folder_is_named_with_its_option(tmp_path):
    (tmp_path / 'notes').touch()
    for folder in ('notes', 'notes/new'):
        with pytest.raises(ValueError, match='vis_out_dir: .*notes is a file; give a folder'):
            OutputFiles(str(tmp_path / folder), '', [ImageFile('a.png')])
        with pytest.raises(ValueError, match='pred_out_dir: .*notes is a file'):
            OutputFiles('', str(tmp_path / folder), [ImageFile('a.png')])
    (tmp_path / 'a.jpg').mkdir()
    with pytest.raises(ValueError, match='a.jpg is a folder'):
        OutputFiles(str(tmp_path), '', [ImageFile('a.png')])


def test_a_folder_may_be_named_like_a_file(tmp_path):
    (tmp_path / 'run.jpg').mkdir()
    source = ImageFile('a.png')
    outputs = OutputFiles(str(tmp_path / 'run.jpg'), '', [source])
    outputs.add(source, {}, PICTURE)
    outputs.close()
    assert (tmp_path / 'run.jpg' / 'a.jpg').is_file()


def test_names_as_long_as_the_file_system_takes_and_longer_ones(tmp_path):
    source = ImageFile(f'{"a" * 250}.png')
    record = dict(img_id=0, instances=NOBODY)
    outputs = OutputFiles(str(tmp_path), str(tmp_path), [source])
    outputs.add(source, record, PICTURE)
    outputs.close()
    assert sorted(path.suffix for path in tmp_path.iterdir()) == ['.jpg', '.json']
    with pytest.raises(ValueError, match='its name has 256 bytes'):
        OutputFiles('', str(tmp_path), [ImageFile(f'{"a" * 251}.png')])


def test_a_rate_that_no_video_can_have_is_named_before_the_work(tmp_path):
    source = VideoFile(str(scenes.write_video(tmp_path / 'clip.mp4', 1)))
    source.fps = 1e6
    with pytest.raises(ValueError, match=r'clip.mp4: a video can have 0.002 to 65535 frames a second \(fps\), got 1e'):
        OutputFiles(str(tmp_path / 'out'), '', [source])
    OutputFiles('', str(tmp_path / 'out'), [source])
