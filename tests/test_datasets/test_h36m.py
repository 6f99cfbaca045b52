"""H36MDataset from the community's JSON and from mmpose's .npz, on files written by hand and on real samples."""

from __future__ import annotations

import pickle
import shutil

import numpy as np
import pytest

from mmp3d.datasets import H36MDataset, h36m
from mmp3d.geometry import H36M17, MUPOTS17, h36m_camera
from tests.shared_data import shared_path
from tests.test_datasets.layouts import H36M_SIZE, h36m_cameras, h36m_content, h36m_pose, write_h36m

SHIFTED = {(10, 1): 1, (10, 2): 1, (13, 1): 1, (13, 2): 1, (5, 1): 1, (5, 2): 1}


def build(root, **options) -> H36MDataset:
    return H36MDataset(**{'split': 'test', 'data_root': str(root), 'needs_images': False, **options})


def to_h36m17(item: dict) -> np.ndarray:
    return item['keypoints_cam'][0][[MUPOTS17.joint_names.index(name) for name in H36M17.joint_names]]


def test_poses_in_every_camera(tmp_path):
    dataset = build(write_h36m(tmp_path, {9: h36m_content(9)}, images=True), needs_images=True)
    assert len(dataset) == 4 * 9
    item = dataset.get_data_info(4 + 2)
    assert item['seq_name'] == 's_09_act_02_subact_01_ca_02' and item['frame_id'] == 2
    assert (item['action'], item['subject'], item['camera_id']) == ('Directions', 9, '55011271')
    assert item['img_path'].endswith('images/s_09_act_02_subact_01_ca_02/s_09_act_02_subact_01_ca_02_000003.jpg')
    camera = h36m_cameras()[2]
    np.testing.assert_allclose(to_h36m17(item), camera.world_to_camera(h36m_pose(2, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(item['camera'].camera_to_world(to_h36m17(item)), h36m_pose(2, 1, 2), atol=1e-2)
    np.testing.assert_allclose(item['camera'].project(item['keypoints_cam']), item['keypoints'], atol=1e-4)
    assert item['track_ids'].tolist() == [0] and item['joints_annotated'].all()
    np.testing.assert_array_equal(item['bbox'], [[10, 10, 70, 90]])
    assert len({each['img_id'] for each in dataset}) == len(dataset)


def test_splits_subjects_and_stride(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(h36m, 'warn', said.append)
    root = write_h36m(tmp_path, {subject: h36m_content(subject, {(2, 1): 5}) for subject in (1, 9, 11)})
    assert {item['subject'] for item in build(root)} == {9, 11}
    assert {item['subject'] for item in build(root, split='train')} == {1}
    assert any('no files of the subjects [5, 6, 7, 8]' in each for each in said)
    one = build(root, subjects=[11], frame_stride=4)
    assert {(item['subject'], item['frame_id']) for item in one} == {(11, 0), (11, 4)}
    with pytest.raises(ValueError, match=r"split must be one of \('train', 'test'\)"):
        build(root, split='val')
    with pytest.raises(ValueError, match='subjects must be some of'):
        build(root, subjects=[2])
    with pytest.raises(FileNotFoundError, match='holds no Human36M_subject<n>_data.json'):
        build(root, subjects=[5])


def test_corrupt_clip_is_left_out(tmp_path):
    root = write_h36m(tmp_path, {11: h36m_content(11)})
    names = {item['seq_name'] for item in build(root)}
    assert 's_11_act_02_subact_02_ca_01' not in names and len(names) == 11
    assert 's_11_act_02_subact_02_ca_01' in {item['seq_name'] for item in build(root, keep_corrupt=True)}
    others = build(write_h36m(tmp_path / 'nine', {9: h36m_content(9)}))
    assert 's_09_act_02_subact_02_ca_01' in {item['seq_name'] for item in others}


def test_shifted_takes_are_moved_only_when_asked(tmp_path):
    root = write_h36m(tmp_path, {9: h36m_content(9, SHIFTED)})
    for asked in (False, True):
        for item in build(root, mend_shift=asked):
            take = tuple(int(item['seq_name'].split('_')[place]) for place in (3, 5))
            moved = item['camera'].camera_to_world(to_h36m17(item)) - h36m_pose(*take, 0)
            wanted = -200 if asked and take in ((10, 2), (13, 1), (5, 2)) else 0
            np.testing.assert_allclose(moved, np.tile([wanted, 0, 0], (17, 1)), atol=1e-2)


def test_camera_given_by_its_place_is_recognised(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(h36m, 'warn', said.append)
    content = h36m_content(9)
    for camera in content['camera'].values():
        camera['t'] = (-np.transpose(camera['R']) @ camera['t']).tolist()
    item = build(write_h36m(tmp_path, {9: content})).get_data_info(6)
    np.testing.assert_allclose(to_h36m17(item), h36m_cameras()[2].world_to_camera(h36m_pose(2, 1, 2)), rtol=1e-5)
    assert any("t is the camera's place" in each for each in said)


def test_image_without_pose_is_counted(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(h36m, 'warn', said.append)
    content = h36m_content(9)
    del content['joint_3d']['2']['1']['0']
    items = list(build(write_h36m(tmp_path, {9: content}), test_mode=True))
    assert sum(item['person_valid'].sum() for item in items) == 36 - 4
    assert any('4 images have no pose' in each for each in said)
    assert len(build(tmp_path)) == 32  # at training they are left out


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda c: c['data']['images'][2].update(subject=1), r"data.json: images\[2\]: field 'subject' must be 9 to 9"),
        (lambda c: c['data']['images'][2].update(cam_idx=5), r"images\[2\]: field 'cam_idx' must be 1 to 4, got 5"),
        (lambda c: c['data']['annotations'][1].update(image_id=0), 'has 2 annotations, expected one person'),
        (lambda c: c['data'].update(annotations=[]), 'holds no annotations'),
        (lambda c: c['camera'].pop('3'), 'camera.json: camera 3 must be an object'),
        (lambda c: c['camera']['2'].update(f=[0, 1]), 'camera.json: camera 2 must be'),
        (lambda c: c['camera']['2'].update(R=(-np.eye(3)).tolist(), t=[0, 0, 0]), 'does not see the poses'),
        (lambda c: c['joint_3d']['2']['1'].update({'0': [[1, 2]]}), r'action 2, take 1: every pose must be numbers'),
        (lambda c: c['joint_3d'].update(x={}), 'must be an object whose names are numbers'),
    ],
)
def test_wrong_content_is_named(tmp_path, change, message):
    content = h36m_content(9)
    change(content)
    with pytest.raises(ValueError, match=message):
        build(write_h36m(tmp_path, {9: content}))


def test_missing_file_is_named(tmp_path):
    root = write_h36m(tmp_path, {9: h36m_content(9)})
    (root / 'annotations' / 'Human36M_subject9_camera.json').unlink()
    with pytest.raises(FileNotFoundError, match='Human36M_subject9_camera.json does not exist'):
        build(root)


def test_lens_of_the_release_is_used(tmp_path):
    shutil.copy(shared_path('real/samples/h36m/H36M-Toolbox/metadata.xml'), tmp_path / 'metadata.xml')
    item = build(write_h36m(tmp_path, {9: h36m_content(9)})).get_data_info(0)
    np.testing.assert_allclose(item['camera'].distortion, [-0.2070989, 0.2477752, -0.00142447, -0.0009757, -0.00307515],
                               rtol=1e-4)  # fmt: skip
    assert item['camera'].distortion_model == 'h36m'
    seen = item['keypoints_visible'][0] > 0
    assert np.abs(item['camera'].project(item['keypoints_cam']) - item['keypoints'])[0][seen].max() < 1e-4


def test_metadata_without_cameras(tmp_path):
    write_h36m(tmp_path, {9: h36m_content(9)})
    (tmp_path / 'metadata.xml').write_text('<a><w0>[1 2]</w0></a>')
    with pytest.raises(ValueError, match='metadata.xml: must hold <w0> with 300 numbers'):
        build(tmp_path)
    (tmp_path / 'metadata.xml').write_text('version https://git-lfs.github.com/spec/v1\n')
    with pytest.raises(ValueError, match='metadata.xml: is a Git LFS pointer'):
        build(tmp_path)


def test_real_sample_projects_to_its_2d():
    dataset = H36MDataset(
        ann_file='test_h36m_body3d.npz', data_root=str(shared_path('real/samples/h36m/mmpose')), needs_images=False
    )
    assert len(dataset) == 4
    for item in dataset:
        np.testing.assert_allclose(item['camera'].project(item['keypoints_cam']), item['keypoints'], atol=1e-4)
    item = dataset.get_data_info(0)
    assert (item['seq_name'], item['frame_id'], item['action']) == ('S1_Directions_1.54138969', 0, 'Directions')


def write_npz(root, names: list[str], **changes) -> None:
    """Poses of the studio of ``h36m_cameras`` as mmpose's converter writes them."""
    cameras, parts, poses = h36m_cameras(), [], []
    kept = {}
    for row, name in enumerate(names):
        subject, camera = name.split('_')[0], name.split('.')[1].split('_')[0]
        number = h36m.CAMERA_IDS.index(camera) + 1
        place = -cameras[number].R.T @ cameras[number].t
        lens = h36m_camera(cameras[number].R, place, (115, 114), (51, 50), (0, 0, 0), (0.001, 0.002), H36M_SIZE)
        points = lens.world_to_camera(h36m_pose(2, 1, row))
        parts.append(np.concatenate([lens.project(points), np.ones((17, 1))], axis=1))
        poses.append(np.concatenate([points / 1000, np.ones((17, 1))], axis=1))
        kept[subject, camera] = {
            'R': cameras[number].R.T, 'T': place[:, None] / 1000, 'f': np.array([[115.0], [114]]),
            'c': np.array([[51.0], [50]]), 'k': np.zeros((3, 1)), 'p': np.array([[0.001], [0.002]]),
            'w': H36M_SIZE[0], 'h': H36M_SIZE[1],
        }  # fmt: skip
    root.mkdir(parents=True, exist_ok=True)
    arrays = {'imgname': np.array(names), 'part': np.array(parts), 'S': np.array(poses), **changes}
    np.savez(root / 'h36m.npz', **{name: value for name, value in arrays.items() if value is not None})
    (root / 'cameras.pkl').write_bytes(pickle.dumps(kept))


NAMES = ['S9_Directions.54138969_000001.jpg', 'S9_Greeting.55011271_000003.jpg', 'S9_Greeting_1.55011271_000003.jpg']


def test_npz_and_its_defects(tmp_path):
    write_npz(tmp_path, NAMES)
    places = {}
    for asked in (False, True):
        dataset = build(tmp_path, ann_file='h36m.npz', mend_shift=asked)
        for item in dataset:
            np.testing.assert_allclose(item['camera'].project(item['keypoints_cam']), item['keypoints'], atol=1e-3)
            places[item['seq_name'], asked] = item['camera'].camera_to_world(item['keypoints_cam'])[0, 14]
    assert [item['frame_id'] for item in dataset] == [0, 2, 2]
    for name, wanted in (('S9_Greeting.55011271', -200), ('S9_Greeting_1.55011271', 0), ('S9_Directions.54138969', 0)):
        np.testing.assert_allclose(places[name, True] - places[name, False], [wanted, 0, 0], atol=1e-2)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [({'S': None}, "lacks the array 'S'"), ({'part': np.zeros((3, 16, 3))}, "array 'part' must be numbers of shape"),
     ({'part': np.zeros((2, 17, 3))}, 'different lengths'),
     ({'imgname': np.array(['a', 'b', 'c'])}, r'imgname\[0\] must be'),
     ({'imgname': np.array([{}, 1, 2], object)}, 'holds Python objects, which could run code')],
)  # fmt: skip
def test_wrong_npz_is_named(tmp_path, changes, message):
    write_npz(tmp_path, NAMES, **changes)
    with pytest.raises(ValueError, match=f'h36m.npz: .*{message}'):
        build(tmp_path, ann_file='h36m.npz')


def test_npz_without_the_subjects_or_cameras(tmp_path):
    write_npz(tmp_path, NAMES)
    with pytest.raises(ValueError, match=r'holds none of the subjects \[1, 5, 6, 7, 8\], but \[9\]'):
        build(tmp_path, ann_file='h36m.npz', split='train')
    (tmp_path / 'cameras.pkl').write_bytes(pickle.dumps({}))
    with pytest.raises(ValueError, match="cameras.pkl: camera .*'S9', '54138969'.* must be a dict"):
        build(tmp_path, ann_file='h36m.npz')
    (tmp_path / 'cameras.pkl').unlink()
    with pytest.raises(FileNotFoundError, match='cameras.pkl does not exist'):
        build(tmp_path, ann_file='h36m.npz')
