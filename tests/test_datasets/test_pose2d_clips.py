"""Files of 2D poses are tracked and served in clips, under a camera that is given or assumed."""

import json

import numpy as np
import pytest
from mmpose.registry import DATASETS

from mmp3d import register_all_modules
from mmp3d.datasets.pose2d_clips import _videos
from mmp3d.geometry import Camera

register_all_modules()
SIZE = (640, 480)


def write(path, first_of=(0, 0), frames=12):
    """Two people of a video, who walk to the right from their first frame on."""
    shape = np.random.default_rng(0).uniform(-60, 60, (17, 2))
    images = []
    for frame in range(frames):
        people = [
            dict(
                keypoints=[[x, y, 0.9] for x, y in (shape + [150 + 300 * number + frame, 240]).tolist()],
                track_id=number,
            )
            for number, first in enumerate(first_of)
            if frame >= first
        ]
        images.append(dict(frame_id=frame, people=people))
    path.write_text(json.dumps(dict(format='mmp3d-poses2d', version=1, joint_set='mupots17', images=images)))


def dataset(root, **options):
    return DATASETS.build(
        {'type': 'Pose2DClipDataset', 'data_root': str(root), 'image_size': SIZE, 'clip_length': 6, **options}
    )


def test_each_file_of_a_folder_is_a_video(tmp_path):
    write(tmp_path / 'a.json')
    write(tmp_path / 'b.json', first_of=(0, 6))
    clips = dataset(tmp_path, max_people=3)
    assert [int(item['person_valid'].sum()) for item in (clips[i] for i in range(len(clips)))] == [2, 2, 1, 2]
    item = clips[2]
    assert item['keypoints_norm'].shape == (3, 6, 17, 2) and item['keypoint_scores'].shape == (3, 6, 17)
    assert item['keypoint_scores'][0].min() > 0.8 and not item['keypoint_scores'][1:].any()
    found = json.loads((tmp_path / 'b.json').read_text())['images'][2]['people'][0]['keypoints']
    expected = Camera.assumed(SIZE).normalize(np.array(found)[:, :2])
    np.testing.assert_allclose(item['keypoints_norm'][0, 2], expected, atol=1e-5)


def test_the_camera_may_be_given_and_people_beyond_the_places_are_left_out(tmp_path):
    write(tmp_path / 'a.json')
    camera = Camera.from_fov(90, SIZE)
    clips = dataset(tmp_path / 'a.json', image_size=None, camera=camera.to_dict(), max_people=1, keep_ids=True)
    assert len(clips) == 2 and clips[1]['person_valid'].tolist() == [1]
    ratio = clips[0]['keypoints_norm'] / dataset(tmp_path / 'a.json')[0]['keypoints_norm'][:1]
    np.testing.assert_allclose(ratio, Camera.assumed(SIZE).focal / camera.focal, rtol=1e-4)


def test_what_cannot_be_read_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere'):
        dataset(tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match='one a video'):
        dataset(tmp_path)
    write(tmp_path / 'nobody.json', first_of=(99,))
    with pytest.raises(ValueError, match='nobody in it is tracked'):
        dataset(tmp_path)
    write(tmp_path / 'large.json')
    with pytest.raises(ValueError, match='large.json: .* outside'):
        dataset(tmp_path / 'large.json', image_size=(64, 48))
    with pytest.raises(ValueError, match='image_size or camera'):
        dataset(tmp_path, image_size=None)


def test_hidden_folders_are_no_videos_and_a_folder_of_openpose_is_one(tmp_path):
    write(tmp_path / 'a.json')
    (tmp_path / '.cache').mkdir()
    assert _videos(tmp_path) == [tmp_path / 'a.json']
    (tmp_path / 'clip').mkdir()
    (tmp_path / 'clip' / 'clip_000000000000_keypoints.json').write_text('{}')
    assert _videos(tmp_path) == [tmp_path / 'a.json', tmp_path / 'clip']
    assert _videos(tmp_path / 'clip') == [tmp_path / 'clip']
