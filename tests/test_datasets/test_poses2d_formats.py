"""OpenPose's folders and AlphaPose's lists as MuPoTS-17, and what they may not hold."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmp3d.datasets import read_pose2d_file
from mmp3d.geometry import COCO17, HALPE26, MUPOTS17, OPENPOSE18, OPENPOSE25

# Where a joint is says which it is, whatever the set's order.
PLACES = {
    name: (10.0 + 3 * number, 20.0 + number)
    for number, name in enumerate(dict.fromkeys(OPENPOSE25.joint_names + HALPE26.joint_names + MUPOTS17.joint_names))
}


def numbers(skeleton, score=0.5):
    return [value for name in skeleton.joint_names for value in (*PLACES[name], score)]


def write_openpose(folder, frames, name='clip_{:012d}_keypoints.json'):
    for frame_id, people in frames.items():
        people = [{'person_id': [-1], 'pose_keypoints_2d': person} for person in people]
        (folder / name.format(frame_id)).write_text(json.dumps({'version': 1.3, 'people': people}))
    return folder


def check_person(skeleton, keypoints, scores):
    implied = skeleton.conversion_to(MUPOTS17).any(axis=1)
    np.testing.assert_array_equal(scores > 0, implied)
    for joint, name in enumerate(MUPOTS17.joint_names):
        if name in skeleton.joint_names:
            np.testing.assert_allclose(keypoints[joint], PLACES[name])


@pytest.mark.parametrize('skeleton', [OPENPOSE18, OPENPOSE25], ids=lambda each: each.name)
def test_openpose_folder(tmp_path, skeleton):
    poses = read_pose2d_file(write_openpose(tmp_path, {12: [numbers(skeleton)] * 2, 3: [], 7: [numbers(skeleton)]}))
    assert poses.key == 'frame_id' and list(poses) == [3, 7, 12] and poses.track_ids is None
    assert [len(keypoints) for keypoints, _ in poses.values()] == [0, 1, 2]
    check_person(skeleton, *(array[0] for array in poses[7]))


@pytest.mark.parametrize('skeleton', [COCO17, HALPE26], ids=lambda each: each.name)
@pytest.mark.parametrize('idx', [None, 4, [4], [[4.0], 2]])
def test_alphapose_list(tmp_path, skeleton, idx):
    record = {'image_id': '000012.jpg', 'category_id': 1, 'keypoints': numbers(skeleton), 'score': 2.5, 'idx': idx}
    (tmp_path / 'alphapose-results.json').write_text(json.dumps([record, {**record, 'image_id': '3.jpg'}]))
    poses = read_pose2d_file(tmp_path / 'alphapose-results.json')
    assert poses.key == 'file_name' and sorted(poses) == ['000012.jpg', '3.jpg']
    check_person(skeleton, *(array[0] for array in poses['3.jpg']))
    assert poses.track_ids is None if idx is None else poses.track_ids['3.jpg'].tolist() == [4]


def test_the_full_body_of_halpe_begins_with_its_26(tmp_path):
    record = {'image_id': '1.jpg', 'keypoints': numbers(HALPE26) + [1.0] * 330}
    (tmp_path / 'a.json').write_text(json.dumps([record]))
    check_person(HALPE26, *(array[0] for array in read_pose2d_file(tmp_path / 'a.json')['1.jpg']))


@pytest.mark.parametrize(
    ('frames', 'message'),
    [
        ({}, 'holds no OpenPose files'),
        ({1: [[1.0] * 10]}, r"people\[0\]: field 'pose_keypoints_2d' must be .* got 10 entries"),
        ({1: [None]}, 'got None'),
        ({1: [numbers(OPENPOSE25)], 2: [numbers(OPENPOSE18)]}, 'a person with 54 numbers, others .* have 75'),
        ({1: [[0.4] * 75]}, 'shares of the image; write pixels'),
        ({1: [['x'] * 75]}, "people.*'pose_keypoints_2d'"),
    ],
)
def test_openpose_defects_are_named(tmp_path, frames, message):
    with pytest.raises(ValueError, match=message):
        read_pose2d_file(write_openpose(tmp_path, frames))


def test_two_videos_in_a_folder_and_a_truncated_file(tmp_path):
    write_openpose(tmp_path, {1: [numbers(OPENPOSE25)]})
    write_openpose(tmp_path, {1: []}, name='other_{:012d}_keypoints.json')
    with pytest.raises(ValueError, match='are one frame; a folder must hold one video'):
        read_pose2d_file(tmp_path)
    (tmp_path / 'other_000000000001_keypoints.json').unlink()
    path = tmp_path / 'clip_000000000001_keypoints.json'
    path.write_text(path.read_text()[:100])
    with pytest.raises(ValueError, match='clip_000000000001_keypoints.json: not a readable JSON'):
        read_pose2d_file(tmp_path)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'keypoints': [1.0] * 63}, r'results\[0\].*51, 78, 408.*63 entries'),
        ({'keypoints': None}, 'got None'),
        ({'idx': 'x'}, "results.*'idx'"),
    ],
)
def test_alphapose_defects_are_named(tmp_path, changes, message):
    path = tmp_path / 'a.json'
    path.write_text(json.dumps([{'image_id': '1.jpg', 'keypoints': numbers(COCO17), **changes}]))
    with pytest.raises(ValueError, match=message):
        read_pose2d_file(path)


def test_alphapose_with_two_joint_sets_is_refused(tmp_path):
    path = tmp_path / 'a.json'
    records = [{'image_id': '1.jpg', 'keypoints': numbers(each)} for each in (COCO17, HALPE26)]
    path.write_text(json.dumps(records))
    with pytest.raises(ValueError, match=r"results\[1\]: field 'keypoints'"):
        read_pose2d_file(path)
