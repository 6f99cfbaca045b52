"""PW3DDataset in both layouts, on files written by hand."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from mmp3d.datasets import LoadMultiPersonImage, PW3DDataset, pw3d
from mmp3d.geometry import MUPOTS17, SMPL24
from tests.test_datasets.layouts import PW3D_K, PW3D_SIZE, body, pw3d_camera_poses, pw3d_content, write_pw3d
from tests.test_datasets.scenes import write_image

NAMES = MUPOTS17.joint_names


def build(root, **options) -> PW3DDataset:
    return PW3DDataset(**{'split': 'test', 'data_root': str(root), **options})


def test_people_in_the_moving_camera(tmp_path):
    dataset = build(write_pw3d(tmp_path, {'b_01': pw3d_content(3, 1), 'a_00': pw3d_content()}))
    places = [(item['seq_name'], item['frame_id'], item['img_id'], len(item['bbox'])) for item in dataset]
    assert places == [('a_00', frame, frame, 2) for frame in range(4)] + [
        ('b_01', frame, 100_000 + frame, 1) for frame in range(3)
    ]
    item = dataset.get_data_info(2)
    expected = body(24, 3500, 21)
    for joint in ('left_ankle', 'pelvis', 'head'):
        found = item['keypoints_cam'][1, NAMES.index(joint)]
        np.testing.assert_allclose(found, expected[SMPL24.joint_names.index(joint)], rtol=1e-5)
    assert item['track_ids'].tolist() == [0, 1] and item['camera'].image_size == PW3D_SIZE
    np.testing.assert_allclose(item['camera'].R, pw3d_camera_poses(4)[2, :3, :3], atol=1e-12)
    np.testing.assert_allclose(item['camera'].t, 1000 * pw3d_camera_poses(4)[2, :3, 3])
    assert [NAMES[joint] for joint in np.flatnonzero(item['joints_annotated'] == 0)] == ['head_top']
    off = item['camera'].project(item['keypoints_cam']) - item['keypoints']
    assert np.abs(off[item['keypoints_3d_valid'] > 0]).max() < 1e-4
    assert item['img_path'].endswith('imageFiles/a_00/image_00002.jpg')


def test_a_person_stays_in_place_in_the_world(tmp_path):
    content = pw3d_content()
    content['jointPositions'] = [np.tile(person[:1], (4, 1)) for person in content['jointPositions']]
    items = list(build(write_pw3d(tmp_path, {'a': content}), test_mode=True))
    worlds = [item['camera'].camera_to_world(item['keypoints_cam']) for item in items]
    seen = np.all([item['keypoints_3d_valid'] > 0 for item in items], axis=0)
    assert seen.sum() > 20
    np.testing.assert_allclose(np.ptp(worlds, axis=0)[seen], 0, atol=2e-3)


def test_campose_valid_is_person_valid(tmp_path):
    content = pw3d_content()
    content['campose_valid'][1][2] = 0
    items = list(build(write_pw3d(tmp_path, {'a': content})))
    assert [item['person_valid'].tolist() for item in items] == [[1, 1], [1, 1], [1, 0], [1, 1]]
    assert items[2]['keypoints_3d_valid'][1].any()


def test_frame_without_camera_pose_has_nobody_valid(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(pw3d, 'warn', said.append)
    content = pw3d_content()
    content['cam_poses'][1] = np.nan
    content['cam_poses'][2, :3, :3] = 0
    items = list(build(write_pw3d(tmp_path, {'a': content})))
    assert [item['person_valid'].sum() for item in items] == [2, 0, 0, 2]
    assert '2 frames have no usable camera pose' in said[0]


def test_image_size_without_images(tmp_path):
    root = write_pw3d(tmp_path, {'a': pw3d_content()}, images=False)
    assert build(root, needs_images=False).get_data_info(0)['img_shape'] == (192, 108)
    with pytest.raises(FileNotFoundError, match='names images that do not exist'):
        build(root)


def test_splits_and_sequences(tmp_path):
    write_pw3d(tmp_path, {'a': pw3d_content(1), 'b': pw3d_content(1)}, 'validation')
    assert len(build(tmp_path, split='val')) == 2
    only = build(tmp_path, split='val', sequences=['b'])
    assert [item['img_id'] for item in only] == [100_000]
    with pytest.raises(ValueError, match="sequences .*'c'.* are not in"):
        build(tmp_path, split='val', sequences=['c'])
    with pytest.raises(ValueError, match='split must be one of'):
        build(tmp_path, split='validation')
    with pytest.raises(FileNotFoundError, match='sequenceFiles/test does not exist.*virtualhumans'):
        build(tmp_path)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'cam_poses': np.zeros((4, 3, 4))}, "'cam_poses' must be numbers of shape"),
        ({'cam_poses': None}, "'cam_poses'"),
        ({'cam_intrinsics': np.zeros((3, 3))}, '"cam_intrinsics" must be a camera matrix'),
        ({'jointPositions': {}}, "'jointPositions' must be a list"),
        ({'jointPositions': [np.zeros((3, 72))] * 2}, r"'jointPositions\[0\]' must be numbers of shape \(4, 72\)"),
        ({'campose_valid': [np.ones(4)]}, '"campose_valid" has 1 people'),
    ],
)
def test_wrong_fields_are_named(tmp_path, change, message):
    root = write_pw3d(tmp_path, {'a': pw3d_content()})
    (root / 'sequenceFiles' / 'test' / 'a.pkl').write_bytes(pickle.dumps({**pw3d_content(), **change}))
    with pytest.raises(ValueError, match=rf'a\.pkl: .*{message}'):
        build(root)


def test_missing_field_is_named(tmp_path):
    content = pw3d_content()
    del content['campose_valid']
    with pytest.raises(ValueError, match=r"a\.pkl: lacks 'campose_valid'.*it has .*'cam_poses'"):
        build(write_pw3d(tmp_path, {'a': content}))


def community(person_id: bool) -> dict:
    images, annotations = [], []
    for frame in range(3):
        images.append(
            {'id': 10 + frame, 'file_name': f'image_{frame:05d}.jpg', 'sequence': 'a', 'width': PW3D_SIZE[0],
             'height': PW3D_SIZE[1], 'cam_param': {'focal': [196.0, 196.0], 'princpt': [54.0, 96.0]}}
        )  # fmt: skip
        for person in range(2):
            annotations.append(
                {'id': len(annotations), 'image_id': 10 + frame, 'bbox': [5, 6, 50, 0 if person else 60],
                 'joint_cam': (body(24, 3000 + 500 * person, 10 * frame + person) / 1000).tolist(), 'smpl_param': {},
                 **({'person_id': person} if person_id else {})}
            )  # fmt: skip
    return {'images': images, 'annotations': annotations}


def write_community(root, content: dict) -> None:
    (root / '3DPW_test.json').write_text(json.dumps(content))
    for frame in range(3):
        write_image(root / 'imageFiles' / 'a' / f'image_{frame:05d}.jpg', PW3D_SIZE)


def test_community_json(tmp_path):
    write_community(tmp_path, community(True))
    dataset = build(tmp_path, ann_file='3DPW_test.json', pipeline=[LoadMultiPersonImage()])
    assert [(item['img_id'], item['seq_name'], item['frame_id']) for item in dataset] == [
        (10, 'a', 0), (11, 'a', 1), (12, 'a', 2)
    ]  # fmt: skip
    item = dataset.get_data_info(1)
    points = body(24, 3500, 11)
    np.testing.assert_allclose(item['keypoints_cam'][1, 14], points[0], rtol=1e-5)
    assert item['track_ids'].tolist() == [0, 1]
    np.testing.assert_array_equal(item['camera'].K, PW3D_K)
    np.testing.assert_array_equal(item['bbox'][0], [5, 6, 55, 66])
    left, top, right, bottom = item['bbox'][1]  # a box without area: the one around the joints
    assert right > left and bottom > top


def test_older_community_json_without_joints(tmp_path):
    content = community(False)
    for annotation in content['annotations']:
        annotation['smpl_joint_cam'] = annotation.pop('joint_cam')
    write_community(tmp_path, content)
    with pytest.raises(ValueError, match=r"annotations\[0\] lacks the field 'joint_cam'"):
        build(tmp_path, ann_file='3DPW_test.json')


@pytest.mark.parametrize(
    ('value', 'message'),
    [({'focal': [1, 1]}, "lacks the field 'cam_param.princpt'"), ([], "lacks the field 'cam_param.focal'"),
     ({'focal': [0, 1], 'princpt': [1, 1]}, 'positive'),
     ({'focal': 'x', 'princpt': [1, 1]}, "'cam_param.focal' must be")],
)  # fmt: skip
def test_wrong_camera_in_json(tmp_path, value, message):
    content = community(False)
    content['images'][1]['cam_param'] = value
    write_community(tmp_path, content)
    with pytest.raises(ValueError, match=rf'images\[1\].*{message}'):
        build(tmp_path, ann_file='3DPW_test.json')
