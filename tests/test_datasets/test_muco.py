"""MuCoDataset on hand-written files and on a real video in MuCo's layout."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.datasets import LoadMultiPersonImage, MuCoDataset, hygiene, muco
from tests.shared_data import shared_path
from tests.test_datasets.scenes import HEIGHT, WIDTH, camera, muco_content, person, write_muco

CONTRACT = {
    'img_path', 'img_id', 'id', 'seq_name', 'frame_id', 'img_shape', 'camera', 'bbox', 'bbox_score', 'keypoints',
    'keypoints_visible', 'keypoints_cam', 'keypoints_3d_valid', 'keypoints_occluded', 'keypoints_cam_univ',
    'person_valid', 'track_ids', 'invalid_segs', 'joints_annotated', 'dataset_name', 'flip_indices', 'sample_idx',
    'test_mode'}  # fmt: skip


def build(root, **options) -> MuCoDataset:
    return MuCoDataset(data_root=str(root), **options)


def test_item_follows_the_data_contract(tmp_path):
    dataset = build(write_muco(tmp_path, muco_content([[2000, 3000], [2500]])))
    assert len(dataset) == 2
    item = dataset.get_data_info(0)
    assert set(item) == CONTRACT
    shapes = {name: value.shape for name, value in item.items() if isinstance(value, np.ndarray)}
    assert shapes == {
        'bbox': (2, 4), 'bbox_score': (2,), 'keypoints': (2, 17, 2), 'keypoints_visible': (2, 17),
        'keypoints_cam': (2, 17, 3), 'keypoints_3d_valid': (2, 17), 'keypoints_occluded': (2, 17),
        'keypoints_cam_univ': (2, 17, 3), 'person_valid': (2,), 'track_ids': (2,), 'joints_annotated': (17,),
    }  # fmt: skip
    np.testing.assert_allclose(item['keypoints_cam'][1], person(3000, 21, 1)[:17], rtol=1e-6)
    np.testing.assert_allclose(item['keypoints'], item['camera'].project(item['keypoints_cam']), atol=1e-3)
    np.testing.assert_array_equal(item['bbox'][0], [4, 5, 24, 35])
    np.testing.assert_array_equal(item['camera'].K, camera().K)
    np.testing.assert_array_equal(item['camera'].t, [1, 2, 3])
    assert item['img_shape'] == (HEIGHT, WIDTH) and item['dataset_name'] == 'muco'
    assert item['keypoints_visible'].all() and item['keypoints_3d_valid'].all()


def test_items_are_independent_copies(tmp_path):
    dataset = build(write_muco(tmp_path, muco_content([[2000]])))
    dataset.get_data_info(0)['keypoints'][:] = -1
    assert (dataset.get_data_info(0)['keypoints'] > 0).all()


def test_people_are_joined_to_their_image_whatever_the_order_in_the_file(tmp_path):
    content = muco_content([[2000, 2100], [], [3000]])
    content['annotations'] = [content['annotations'][index] for index in (2, 1, 0)]
    content = {key: content[key] for key in ('annotations', 'images')}
    dataset = build(write_muco(tmp_path, content), test_mode=True)
    assert [len(dataset.get_data_info(index)['bbox']) for index in range(3)] == [2, 0, 1]
    np.testing.assert_allclose(dataset.get_data_info(0)['keypoints_cam'][1], person(2000, 21, 0)[:17], rtol=1e-6)


def test_image_with_nobody_is_left_out_of_training_only(tmp_path):
    root = write_muco(tmp_path, muco_content([[2000], []]))
    assert len(build(root)) == 1
    assert len(build(root, filter_cfg={'filter_empty': False})) == 2
    assert len(build(root, test_mode=True)) == 2
    empty = build(root, test_mode=True).get_data_info(1)
    assert empty['keypoints_cam'].shape == (0, 17, 3) and empty['bbox'].shape == (0, 4)


def test_stride_indices_subset_and_lazy_init(tmp_path):
    root = write_muco(tmp_path, muco_content([[2000]] * 5))
    assert [build(root, frame_stride=2)[index]['frame_id'] for index in range(3)] == [0, 2, 4]
    assert len(build(root, indices=2)) == 2
    assert [item['img_id'] for item in build(root, indices=[4, 1])] == [4, 1]
    subset = build(root).get_subset([3, 0])
    assert [subset.get_data_info(index)['img_id'] for index in range(2)] == [3, 0]
    lazy = build(root, lazy_init=True)
    assert lazy.annotations is None and lazy.metainfo['num_keypoints'] == 17
    assert len(lazy) == 5


def test_dataset_survives_pickling(tmp_path):
    dataset = build(write_muco(tmp_path, muco_content([[2000]])))
    again = pickle.loads(pickle.dumps(dataset))
    np.testing.assert_array_equal(again[0]['keypoints'], dataset[0]['keypoints'])


def test_hidden_joint_has_no_label(tmp_path):
    content = muco_content([[2000]])
    content['annotations'][0]['keypoints_vis'][3] = 0
    item = build(write_muco(tmp_path, content)).get_data_info(0)
    assert item['keypoints_visible'][0].sum() == item['keypoints_3d_valid'][0].sum() == 16
    assert not item['keypoints_cam'][0, 3].any()


def test_defective_joints_lose_their_label_with_one_warning(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(muco, 'warn', said.append)
    content = muco_content([[2000], [2500]])
    first, second = content['annotations']
    first['keypoints_img'][0] = [float('nan'), 3.0]
    first['keypoints_cam'][1][0] = float('inf')
    second['keypoints_img'][2] = [-40.0, 5.0]
    second['keypoints_cam'][4][2] = -1.0
    dataset = build(write_muco(tmp_path, content))
    one, two = dataset.get_data_info(0), dataset.get_data_info(1)
    assert [int(joint) for joint in np.flatnonzero(one['keypoints_visible'][0] == 0)] == [0]
    assert [int(joint) for joint in np.flatnonzero(one['keypoints_3d_valid'][0] == 0)] == [1]
    assert two['keypoints_visible'][0, 2] == 0 and two['keypoints_3d_valid'][0, 2] == 1
    assert two['keypoints_3d_valid'][0, 4] == 0
    assert all(
        np.isfinite(value).all() for item in (one, two) for value in item.values() if isinstance(value, np.ndarray)
    )
    assert len(said) == 1 and 'MuCo-3DHP.json' in said[0] and '1 2D and 2 3D' in said[0]


@pytest.mark.parametrize('bbox', [[4, 5, 0, 0], [float('nan')] * 4, [4, 5, -3, 9]])
def test_box_without_area_becomes_the_box_around_the_joints(tmp_path, bbox):
    content = muco_content([[2000]])
    content['annotations'][0]['bbox'] = bbox
    item = build(write_muco(tmp_path, content)).get_data_info(0)
    left, top, right, bottom = item['bbox'][0]
    x, y = item['keypoints'][0].T
    assert left < x.min() and right > x.max() and top < y.min() and bottom > y.max()


def test_distance_rule_keeps_the_nearest_and_masks_the_rest(tmp_path):
    content = muco_content([[2000, 2100, 9000]])
    for annotation, offset in zip(content['annotations'], (0, 100, 4000), strict=True):
        annotation['keypoints_cam'][14] = [offset, 0, 2000 + offset]
    root = write_muco(tmp_path, content)
    item = build(root, min_person_distance=500).get_data_info(0)
    np.testing.assert_array_equal(item['keypoints_cam'][:, 14, 0], [0, 4000])
    assert item['invalid_segs'] == [[[4, 5, 24, 5, 24, 35, 4, 35]]]
    assert len(item['bbox_score']) == len(item['bbox']) == 2
    assert len(build(root).get_data_info(0)['bbox']) == 3


def test_file_with_poses_relative_to_the_pelvis_is_refused(tmp_path):
    content = muco_content([[2000], [2500]])
    points = np.array(content['annotations'][1]['keypoints_cam'])
    content['annotations'][1]['keypoints_cam'] = (points - points[14]).tolist()
    with pytest.raises(ValueError, match=r'annotations\[1\] \(image augmented_set/000002.jpg\).*"keypoints_cam"'):
        build(write_muco(tmp_path, content))


@pytest.mark.parametrize(
    ('where', 'field', 'value'),
    [
        ('annotations', 'keypoints_img', None),  # missing
        ('annotations', 'keypoints_cam', [[1, 2]] * 21),  # two coordinates instead of three
        ('annotations', 'keypoints_vis', [1] * 17),  # joints of another set
        ('annotations', 'bbox', 'wide'),
        ('annotations', 'image_id', 99),
        ('images', 'file_name', 3),
        ('images', 'f', [0, 60]),
        ('images', 'f', [60]),
        ('images', 'width', 0),
        ('images', 'id', 0),  # twice the same
        ('images', 'c', None),
    ],
)
def test_wrong_field_is_one_error_that_names_file_and_field(tmp_path, where, field, value):
    content = muco_content([[2000], [2500]])
    if value is None:
        del content[where][1][field]
    else:
        content[where][1][field] = value
    with pytest.raises(ValueError, match=rf'MuCo-3DHP.json: {where}.*{field}'):
        build(write_muco(tmp_path, content, images=False))


def test_missing_and_mislaid_roots_say_where_to_look(tmp_path):
    root = write_muco(tmp_path / 'data' / 'muco', muco_content([[2000]]))
    with pytest.raises(FileNotFoundError, match='not an existing folder.*make_synthetic.py --format muco'):
        build(tmp_path / 'nowhere')
    for wrong in (root.parent, root / 'augmented_set'):
        with pytest.raises(FileNotFoundError, match=r"Found it with data_root='.*data/muco'"):
            build(wrong)
    with pytest.raises(FileNotFoundError, match='images that do not exist, for example .*000001.jpg'):
        build(root, data_prefix={'img': 'elsewhere'})
    (root.parent.parent / 'farther').mkdir()
    root.parent.rename(root.parent.parent / 'farther' / 'data')
    with pytest.raises(FileNotFoundError, match=r"Found it with data_root='.*farther/data/muco'"):
        build(tmp_path / 'farther')
    root = tmp_path / 'farther/data/muco'
    (root / 'augmented_set').rename(root / 'pictures')
    (root / 'augmented_set').mkdir()
    (root / 'pictures').rename(root / 'augmented_set' / 'augmented_set')
    with pytest.raises(FileNotFoundError, match=r"Found them below '.*muco/augmented_set'"):
        build(root)


def test_pointers_in_place_of_all_images_are_an_error_from_the_start(tmp_path):
    root = write_muco(tmp_path, muco_content([[2000], [2500]]))
    pointer = b'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n'
    paths = sorted(root.rglob('*.jpg'))
    paths[0].write_bytes(pointer)
    assert len(build(root)) == 2, 'one is dealt with when it is read'
    paths[1].write_bytes(pointer)
    with pytest.raises(ValueError, match='000001.jpg: is a Git LFS pointer.*git lfs pull'):
        build(root)


@pytest.mark.parametrize('text', ['', '[]', '{}', '{"images": []}', '{"images": [], "annotations": []}', 'null'])
def test_file_without_content_is_one_error(tmp_path, text):
    (tmp_path / 'MuCo-3DHP.json').write_text(text)
    with pytest.raises(ValueError, match='MuCo-3DHP.json'):
        build(tmp_path)


@pytest.mark.parametrize(
    'options',
    [{'frame_stride': 0}, {'filter_cfg': {'min_size': 3}}, {'frame_stride': 1.5}, {'min_person_distance': -1}],
)
def test_wrong_option(tmp_path, options):
    with pytest.raises(ValueError, match=next(iter(options))):
        build(write_muco(tmp_path, muco_content([[2000]])), **options)


TEXT = json.dumps(muco_content([[2000, 3000], [2500]]))


@given(end=st.integers(0, len(TEXT) - 1))
def test_truncated_file_is_a_value_error(tmp_path_factory, end):
    root = tmp_path_factory.mktemp('muco')
    (root / 'MuCo-3DHP.json').write_text(TEXT[:end])
    with pytest.raises(ValueError, match='MuCo-3DHP.json'):
        build(root)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data(), junk=JUNK)
def test_any_junk_in_any_field_is_a_value_error_or_a_usable_dataset(tmp_path_factory, data, junk):
    content = copy.deepcopy(json.loads(TEXT))
    where = data.draw(st.sampled_from(['images', 'annotations']))
    record = data.draw(st.sampled_from(content[where]))
    record[data.draw(st.sampled_from(sorted(record)))] = junk
    root = write_muco(tmp_path_factory.mktemp('muco'), json.loads(TEXT))
    try:
        dataset = build(write_muco(root, content, images=False), test_mode=True)
    except ValueError as error:
        assert 'MuCo-3DHP.json' in str(error)
        return
    assert all(np.isfinite(item['keypoints']).all() for item in dataset)


def test_boxes_around_needs_no_people():
    assert hygiene.boxes_around(np.zeros((0, 17, 2)), np.zeros((0, 17), bool)).shape == (0, 4)


def test_unreadable_image_is_replaced_by_another_in_training(tmp_path):
    root = write_muco(tmp_path, muco_content([[2000], [2500], [2600]]))
    (root / 'augmented_set' / '000002.jpg').write_bytes(b'')
    dataset = build(root, pipeline=[LoadMultiPersonImage()])
    items = [dataset[index] for index in range(3)]
    assert [item['img'].shape for item in items] == [(HEIGHT, WIDTH, 3)] * 3
    assert all(item['img_id'] != 1 for item in items)


def test_real_video_in_muco_layout():
    dataset = build(shared_path('real/two_person/muco_layout'), pipeline=[LoadMultiPersonImage()])
    assert len(dataset) == 100
    assert dataset[0]['img'].shape == (1920, 1088, 3)
    errors = []
    for index in range(100):
        item = dataset.get_data_info(index)
        assert item['bbox'].shape == (3, 4)
        off = np.linalg.norm(item['camera'].project(item['keypoints_cam']) - item['keypoints'], axis=-1)
        errors.append(off[item['keypoints_3d_valid'] > 0])
    errors = np.concatenate(errors)
    # The file's camera has no lens distortion, its 2D joints have: a few pixels at the border.
    assert len(errors) == 5005 and np.median(errors) < 1.5 and errors.max() < 4
