"""2D poses from files: the accepted formats, their joint sets and their defects."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.datasets import MuCoDataset, MuPoTSDataset, poses2d, read_pose2d_file
from mmp3d.geometry import COCO17, MUPOTS17
from tests.shared_data import shared_path
from tests.test_datasets.scenes import muco_content, write_muco, write_mupots

NECK, PELVIS, LEFT_SHOULDER = (MUPOTS17.joint_names.index(name) for name in ('neck', 'pelvis', 'left_shoulder'))
POSE = [[float(joint), 2.0 * joint] for joint in range(17)]


def scored(pose, first=0.5):
    return {'keypoints': [[*point, first if joint == 0 else 0.5] for joint, point in enumerate(pose)]}


RESULT = {'image_id': 4, 'category_id': 1, 'keypoints': [n for x, y in POSE for n in (x, y, 0.5)], 'score': 0.9}
FRAME = {'frame': 4, 'persons': [{'track_id': 0, 'box': [0, 0, 1, 1], 'keypoints': POSE, 'scores': [0.5] * 17}]}
OWN = {
    'format': 'mmp3d-poses2d', 'version': 1, 'joint_set': 'coco17',
    'images': [{'img_id': 4, 'people': [scored(POSE)]}]}  # fmt: skip


def write(path, content) -> str:
    (path / 'poses.json').write_text(json.dumps(content))
    return str(path / 'poses.json')


@pytest.mark.parametrize(
    ('content', 'key'), [([RESULT], 'img_id'), ({'frames': [FRAME], 'note': ''}, 'frame_id'), (OWN, 'img_id')]
)
def test_formats_say_the_same(tmp_path, content, key):
    poses = read_pose2d_file(write(tmp_path, content))
    assert poses.key == key and list(poses) == [4]
    keypoints, scores = poses[4]
    assert keypoints.shape == (1, 17, 2) and scores.shape == (1, 17)
    np.testing.assert_array_equal(keypoints[0, LEFT_SHOULDER], POSE[5])
    np.testing.assert_array_equal(keypoints[0, NECK], [5.5, 11])
    given = {MUPOTS17.joint_names[joint] for joint in np.flatnonzero(scores[0] == 0.5)}
    implied = (COCO17.conversion_to(MUPOTS17) > 0).any(axis=1)
    assert given == {name for name, known in zip(MUPOTS17.joint_names, implied, strict=True) if known}
    assert not scores[0, ~implied].any()


def test_own_format_in_canonical_joints_by_file_name(tmp_path):
    content = {**OWN, 'joint_set': 'mupots17', 'images': [
        {'file_name': 'TS1/img_000000.jpg', 'people': [scored(POSE, 2.0)]},
        {'file_name': 'TS1/img_000001.jpg', 'people': []}]}  # fmt: skip
    poses = read_pose2d_file(write(tmp_path, content))
    keypoints, scores = poses['TS1/img_000000.jpg']
    np.testing.assert_array_equal(keypoints[0], POSE)
    assert scores[0, 0] == 1 and (scores[0, 1:] == 0.5).all()
    assert poses['TS1/img_000001.jpg'][0].shape == (0, 17, 2)


def test_joint_that_is_not_finite_or_has_no_score_is_not_given(tmp_path):
    frame = json.loads(json.dumps(FRAME))
    frame['persons'][0]['keypoints'][5] = [float('nan'), 1]
    frame['persons'][0]['scores'][11] = 0
    keypoints, scores = read_pose2d_file(write(tmp_path, {'frames': [frame]}))[4]
    assert np.isfinite(keypoints).all()
    assert scores[0, [LEFT_SHOULDER, NECK, PELVIS]].tolist() == [0, 0, 0]


def test_scores_may_be_missing_and_frames_empty(tmp_path):
    persons = [{'keypoints': POSE}]
    poses = read_pose2d_file(
        write(tmp_path, {'frames': [{'frame': 0, 'persons': persons}, {'frame': 1, 'persons': []}]})
    )
    assert poses[0][1].max() == 1 and len(poses[1][0]) == 0


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ({'poses': 1}, r"expected .* found an object with \['poses'\]"),
        (3, 'found int'),
        ([{'image_id': 1}], r"results\[0\] lacks the field 'keypoints'"),
        ([{'image_id': 1, 'keypoints': [1, 2, 3]}], r"results\[0\]: field 'keypoints' must be"),
        ({'frames': [{'frame': 1}]}, r'frames\[0\] lacks the list "persons"'),
        ({'frames': 4}, "field 'frames' must be a list"),
        ({'frames': [FRAME, FRAME]}, 'a frame_id occurs twice'),
        ({**OWN, 'joint_set': 'body99'}, "joint_set.*'body99'"),
        ({**OWN, 'images': [{'keypoints': []}]}, r"images\[0\] lacks the field 'file_name'"),
        ({**OWN, 'images': [{'img_id': 1, 'keypoints': [POSE]}]}, r'images\[0\] lacks the list "people"'),
        ({**OWN, 'images': [{'img_id': 1, 'people': [{'keypoints': POSE}]}]}, r"people\[0\].*'keypoints'"),
    ],
)
def test_defects_are_named(tmp_path, content, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_pose2d_file(write(tmp_path, content))
    assert 'poses.json' in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='no.json does not exist'):
        read_pose2d_file(tmp_path / 'no.json')


TEXT = json.dumps(OWN)
JUNK = st.none() | st.integers() | st.floats() | st.text(max_size=3) | st.lists(st.integers(), max_size=3)


@given(end=st.integers(0, len(TEXT) - 1))
def test_truncated_file_is_a_value_error(tmp_path_factory, end):
    path = tmp_path_factory.mktemp('poses') / 'poses.json'
    path.write_text(TEXT[:end])
    with pytest.raises(ValueError, match='poses.json'):
        read_pose2d_file(path)


@given(data=st.data(), junk=JUNK | st.dictionaries(st.text(max_size=3), JUNK, max_size=2))
def test_junk_is_a_value_error_or_finite_poses(tmp_path_factory, data, junk):
    content = json.loads(data.draw(st.sampled_from([json.dumps([RESULT]), json.dumps({'frames': [FRAME]}), TEXT])))
    place = content[0] if isinstance(content, list) else data.draw(
        st.sampled_from([content, *content.get('images', []), *content.get('frames', [])]))  # fmt: skip
    place[data.draw(st.sampled_from(sorted(place)))] = junk
    try:
        poses = read_pose2d_file(write(tmp_path_factory.mktemp('poses'), content))
    except ValueError as error:
        assert 'poses.json' in str(error)
        return
    assert all(np.isfinite(array).all() for pair in poses.values() for array in pair)


def test_dataset_hands_poses_to_the_right_image(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(poses2d, 'warn', said.append)
    write(write_muco(tmp_path, muco_content([[2000]] * 6)), [RESULT])
    dataset = MuCoDataset(data_root=str(tmp_path), pose2d_file='poses.json', frame_stride=2)
    assert [len(item['input_keypoints']) for item in dataset] == [0, 0, 1]
    assert dataset[2]['input_keypoint_scores'].shape == (1, 17)
    assert dataset[0]['input_keypoints'].shape == (0, 17, 2)
    assert len(said) == 1 and '5 of 6 images' in said[0]


def test_poses_of_another_data_set_are_refused(tmp_path):
    write(write_muco(tmp_path, muco_content([[2000]])), [RESULT])
    with pytest.raises(ValueError, match='none of its 1 img_ids is an image'):
        MuCoDataset(data_root=str(tmp_path), pose2d_file='poses.json')


def test_frame_numbers_need_a_single_sequence(tmp_path):
    write(write_mupots(tmp_path, {'TS1': 5, 'TS2': 1}), {'frames': [FRAME]})
    with pytest.raises(ValueError, match='not of which sequence'):
        MuPoTSDataset(data_root=str(tmp_path), pose2d_file='poses.json')
    dataset = MuPoTSDataset(data_root=str(tmp_path), pose2d_file='poses.json', sequences=[1])
    assert [len(item['input_keypoints']) for item in dataset] == [0, 0, 0, 0, 1]


def test_real_single_view_poses_lie_on_the_people():
    root = shared_path('real/two_person')
    dataset = MuCoDataset(data_root=str(root / 'muco_layout'), pose2d_file=str(root / 'poses2d_monocular_cam01.json'))
    off = []
    for item in dataset:
        distances = np.linalg.norm(item['input_keypoints'][:, None] - item['keypoints'][None], axis=-1)
        both = (item['input_keypoint_scores'][:, None] > 0) & (item['keypoints_visible'][None] > 0)
        mean = np.where(both, distances, 0).sum(axis=-1) / np.maximum(both.sum(axis=-1), 1)
        off.append(mean.min(axis=1).mean())
    assert np.median(off) < 20


def test_missing_file_that_is_optional_gives_nobody(tmp_path, caplog):
    write_muco(tmp_path, muco_content([[2000]]))
    dataset = MuCoDataset(data_root=str(tmp_path), pose2d_file='no.json', pose2d_optional=True)
    assert 'input_keypoints' not in dataset[0]
    with pytest.raises(FileNotFoundError, match='no.json does not exist'):
        len(MuCoDataset(data_root=str(tmp_path), pose2d_file='no.json'))
