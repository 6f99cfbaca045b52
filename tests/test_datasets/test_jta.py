"""JTADataset on files written by hand in the data set's own layout."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmp3d.datasets import JTADataset, jta
from mmp3d.datasets.jta_json import read_jta_sequence
from mmp3d.geometry import JTA22, MUPOTS17, Camera, jta_camera
from tests.test_datasets.layouts import body, jta_rows, write_jta
from tests.test_datasets.scenes import write_image

NAMES = MUPOTS17.joint_names


def build(root, **options) -> JTADataset:
    return JTADataset(data_root=str(root), **{'needs_images': False, **options})


def rows_of(item: dict, joint: str, key: str = 'keypoints_cam') -> np.ndarray:
    return item[key][:, NAMES.index(joint)]


def test_frames_people_and_joints(tmp_path):
    dataset = build(write_jta(tmp_path, {12: jta_rows(3, 2), 3: jta_rows(2, 1)}, images=3), needs_images=True)
    assert [(item['seq_name'], item['frame_id'], item['img_id']) for item in dataset] == [
        ('seq_3', 0, 3001), ('seq_3', 1, 3002), ('seq_12', 0, 12001), ('seq_12', 1, 12002), ('seq_12', 2, 12003)
    ]  # fmt: skip
    item = dataset.get_data_info(3)
    assert item['img_path'].endswith('frames/train/seq_12/2.jpg') and item['img_shape'] == (1080, 1920)
    assert item['track_ids'].tolist() == [7, 8] and item['person_valid'].tolist() == [1, 1]
    points = body(22, 6000, 201)
    index = JTA22.joint_names.index
    np.testing.assert_allclose(rows_of(item, 'left_knee')[1], points[index('left_knee')], rtol=1e-5)
    hips = (points[index('left_hip')] + points[index('right_hip')]) / 2
    np.testing.assert_allclose(rows_of(item, 'pelvis')[1], hips, rtol=1e-5)
    assert [NAMES[joint] for joint in np.flatnonzero(item['joints_annotated'] == 0)] == ['spine']
    labelled = item['keypoints_3d_valid'] > 0
    off = item['camera'].project(item['keypoints_cam']) - item['keypoints']
    assert np.abs(off[labelled]).max() < 2e-4


def test_last_frames_without_people_are_served_at_test(tmp_path):
    root = write_jta(tmp_path, {3: jta_rows(2, 1)}, images=3)
    items = list(build(root, needs_images=True, test_mode=True))
    assert [len(item['bbox']) for item in items] == [1, 1, 0]


def test_split_sequences_and_frames_are_chosen_by_name(tmp_path):
    root = write_jta(tmp_path, {number: jta_rows(30, 1) for number in (256, 258)}, split='test')
    loco = build(root, split='test', sequences=[258], frame_stride=10, frame_offset=9)
    assert [item['img_id'] for item in loco] == [258010, 258020, 258030]
    with pytest.raises(ValueError, match=r'sequences \[7\] are not in .*test; it has 256, 258'):
        build(root, split='test', sequences=[7])
    with pytest.raises(ValueError, match=r"split must be one of \('train', 'val', 'test'\)"):
        build(root, split='validation')
    with pytest.raises(FileNotFoundError, match='annotations/train does not exist.*to_imgs.py'):
        build(root)


def test_occlusion_and_invisible_people(tmp_path):
    rows = jta_rows(2, 2)
    for row in rows:
        if row[0] == 2 and row[1] == 8:
            row[8] = 1
    root = write_jta(tmp_path, {3: rows})
    first, second = build(root)
    hidden = [NAMES[joint] for joint in np.flatnonzero(first['keypoints_occluded'][0])]
    assert hidden == ['right_elbow']  # JTA's joint 5, by the own body; joint 3 is a clavicle
    assert second['track_ids'].tolist() == [7]
    kept = build(root, keep_invisible=True).get_data_info(1)
    assert kept['track_ids'].tolist() == [7, 8] and kept['person_valid'].tolist() == [1, 0]
    assert kept['keypoints_3d_valid'][1].sum() == 16 and kept['keypoints_occluded'][1].sum() == 16


def test_people_cut_by_the_border_keep_their_3d(tmp_path):
    rows = jta_rows(1, 1)
    for row in rows:
        row[5] += 5.0 * row[7] * 960 / 1158 / 5
        row[3] += 960
    item = build(write_jta(tmp_path, {3: rows})).get_data_info(0)
    inside = item['keypoints_visible'] > 0
    assert 0 < inside.sum() < 16 and item['keypoints_3d_valid'].sum() == 16
    assert item['bbox'][0, 2] == 1919


def test_joints_without_a_row_are_no_labels(tmp_path):
    rows = [row for row in jta_rows(1, 1) if JTA22.joint_names[row[2]] not in ('left_hip', 'head')]
    item = build(write_jta(tmp_path, {3: rows})).get_data_info(0)
    missing = {NAMES[joint] for joint in np.flatnonzero(item['keypoints_3d_valid'][0] == 0)}
    assert missing == {'left_hip', 'head', 'pelvis', 'spine'}


def test_cut_pixels_are_replaced_by_the_projection(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(jta, 'warn', said.append)
    rows = [[*row[:3], int(row[3]), int(row[4]), *row[5:]] for row in jta_rows(2, 2)]
    item = build(write_jta(tmp_path, {3: rows})).get_data_info(0)
    off = item['camera'].project(item['keypoints_cam']) - item['keypoints']
    assert np.abs(off[item['keypoints_3d_valid'] > 0]).max() < 2e-4
    assert len(said) == 1 and 'whole pixels' in said[0]


def test_axes_of_the_older_release_are_turned(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(jta, 'warn', said.append)
    expected = build(write_jta(tmp_path / 'new', {3: jta_rows(2, 2)})).get_data_info(0)
    rows = [[*row[:5], row[5], row[7], -row[6], *row[8:]] for row in jta_rows(2, 2)]
    item = build(write_jta(tmp_path / 'old', {3: rows})).get_data_info(0)
    np.testing.assert_allclose(item['keypoints_cam'], expected['keypoints_cam'], rtol=1e-6)
    assert len(said) == 1 and 'older release' in said[0]


def test_another_camera_is_fitted(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(jta, 'warn', said.append)
    camera = Camera.from_intrinsics((386, 386), (320, 180), (640, 360))
    root = write_jta(tmp_path, {3: jta_rows(2, 2, camera)})
    write_image(root / 'frames' / 'train' / 'seq_3' / '1.jpg', (640, 360))
    item = build(root).get_data_info(0)
    np.testing.assert_allclose(item['camera'].K, camera.K, rtol=1e-6)
    assert item['img_shape'] == (360, 640) and 'a camera was fitted' in said[0]


def test_2d_that_is_no_projection_is_an_error(tmp_path):
    rows = jta_rows(2, 2)
    generator = np.random.default_rng(0)
    for row in rows:
        row[3:5] = generator.uniform(0, 1000, 2).tolist()
    with pytest.raises(ValueError, match='seq_3.json: no camera projects the 3D onto the 2D'):
        build(write_jta(tmp_path, {3: rows}))


def test_joints_behind_the_camera_are_counted(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(jta, 'warn', said.append)
    rows = jta_rows(2, 2)
    rows[0][7] = -1.0
    rows[5][3] = float('nan')
    item = build(write_jta(tmp_path, {3: rows})).get_data_info(0)
    assert item['keypoints_3d_valid'][0].sum() == 15 and len(said) == 1 and '1 2D and 1 3D' in said[0]


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ({}, 'must hold a list of rows'),
        ([[1, 2, 3]], 'row 0 must be 10 numbers'),
        ([[1, 0, 0, 1, 1, 1, 1, 5, 0, 0], [1, 0, 'x', 1, 1, 1, 1, 5, 0, 0]], 'row 1 must be 10 numbers'),
        ([[1, 0, 22, 1, 1, 1, 1, 5, 0, 0]], 'row 0: joint_type must be a whole number from 0 to 21, got 22'),
        ([[0, 0, 1, 1, 1, 1, 1, 5, 0, 0]], 'row 0: frame must be'),
        ([[1, 0.5, 1, 1, 1, 1, 1, 5, 0, 0]], 'row 0: person_id must be'),
        ([[1000, 0, 1, 960, 540, 0, 0, 5, 0, 0]], 'has 1000 frames, expected 900'),
    ],
)
def test_wrong_content_is_named(tmp_path, content, message):
    with pytest.raises(ValueError, match=f'seq_3.json: {message}'):
        build(write_jta(tmp_path, {3: content}))


def test_truncated_file_is_named(tmp_path):
    path = write_jta(tmp_path, {3: jta_rows(1, 1)}) / 'annotations' / 'train' / 'seq_3.json'
    path.write_text(path.read_text()[:-50])
    with pytest.raises(ValueError, match='seq_3.json: not a readable JSON file'):
        build(tmp_path)
    with pytest.raises(FileNotFoundError, match='seq_9.json'):
        read_jta_sequence(tmp_path / 'seq_9.json')


def test_nobody_in_the_whole_sequence(tmp_path):
    root = write_jta(tmp_path, {3: []}, images=2)
    items = list(build(root, needs_images=True, test_mode=True))
    assert [item['keypoints'].shape for item in items] == [(0, 17, 2)] * 2
    assert items[0]['camera'].K.tolist() == jta_camera().K.tolist()
    write_image(root / 'frames/train/seq_3/2.jpg', (960, 540))
    camera = build(root, needs_images=True, test_mode=True).get_data_info(0)['camera']
    assert (camera.image_size, camera.K[0, 0], camera.K[0, 2]) == ((960, 540), 579, 479.75)


def test_folder_without_sequences(tmp_path):
    (tmp_path / 'annotations' / 'train').mkdir(parents=True)
    (tmp_path / 'annotations' / 'train' / 'seq_x.json').write_text(json.dumps([]))
    with pytest.raises(FileNotFoundError, match='holds no sequence seq_'):
        build(tmp_path)
