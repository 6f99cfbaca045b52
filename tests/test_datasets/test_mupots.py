"""MuPoTSDataset in both layouts, on hand-written files and on a real video in the official one."""

from __future__ import annotations

import json

import numpy as np
import pytest
import scipy.io

from mmp3d.datasets import LoadMultiPersonImage, MuPoTSDataset, mupots
from tests.shared_data import shared_path
from tests.test_datasets.scenes import (
    HEIGHT,
    ROOT,
    WIDTH,
    C,
    F,
    camera,
    mupots_cell,
    person,
    write_image,
    write_mat,
    write_mupots,
)


def build(root, **options) -> MuPoTSDataset:
    return MuPoTSDataset(data_root=str(root), **options)


def test_official_layout_gives_both_skeletons_occlusion_and_identity(tmp_path):
    dataset = build(write_mupots(tmp_path, {'TS1': 3, 'TS2': 2, 'TS10': 2}))
    assert [(item['seq_name'], item['frame_id'], item['img_id']) for item in dataset] == [
        ('TS1', 0, 0), ('TS1', 1, 1), ('TS1', 2, 2), ('TS2', 0, 3), ('TS2', 1, 4), ('TS10', 0, 5), ('TS10', 1, 6)
    ]  # fmt: skip
    item = dataset.get_data_info(2)
    points = person(3500, seed=2)
    root = points[ROOT]
    np.testing.assert_allclose(item['keypoints_cam'][1], points, rtol=1e-6)
    np.testing.assert_allclose(item['keypoints_cam_univ'][1], (points - root) / 1.1 + root, rtol=1e-5)
    np.testing.assert_allclose(item['keypoints'][1], camera().project(points), rtol=1e-5)
    assert np.argwhere(item['keypoints_occluded']).tolist() == [[0, 0], [1, 1]]
    assert item['track_ids'].tolist() == [0, 1] and item['track_ids'].dtype == np.int64
    assert item['img_path'].endswith('MultiPersonTestSet/TS1/img_000002.jpg')
    assert item['img_shape'] == (HEIGHT, WIDTH) and item['test_mode'] and item['dataset_name'] == 'mupots'
    x, y = item['keypoints'][0].T
    left, top, right, bottom = item['bbox'][0]
    assert left < x.min() and right > x.max() and top < y.min() and bottom > y.max()


def test_camera_is_recovered_from_the_poses(tmp_path):
    found = build(write_mupots(tmp_path, {'TS1': 3})).get_data_info(0)['camera']
    np.testing.assert_allclose(found.K, camera().K, atol=1e-2)
    assert found.source == 'given' and found.image_size == (WIDTH, HEIGHT)


def test_frame_that_is_not_valid_keeps_its_people_and_says_so(tmp_path):
    dataset = build(write_mupots(tmp_path, {'TS1': 3}))
    assert [item['person_valid'].tolist() for item in dataset] == [[1, 1], [0, 0], [1, 1]]
    assert dataset.get_data_info(1)['keypoints_cam'].any()


def test_selected_sequences_keep_their_image_ids(tmp_path):
    root = write_mupots(tmp_path, {'TS1': 3, 'TS2': 4})
    assert [item['img_id'] for item in build(root, sequences=[2])] == [3, 4, 5, 6]
    assert [item['img_id'] for item in build(root, sequences=['TS2'], frame_stride=2)] == [3, 5]
    with pytest.raises(ValueError, match=r"sequences \['TS9'\].*\['TS1', 'TS2'\]"):
        build(root, sequences=[9])
    for wrong in ([], 'TS1'):
        with pytest.raises(ValueError, match='sequences must be None or a list'):
            build(root, sequences=wrong)


def test_it_is_a_test_set(tmp_path):
    with pytest.raises(ValueError, match='train on MuCoDataset'):
        build(tmp_path, test_mode=False)


def json_content() -> dict:
    images = [
        {'id': index, 'file_name': f'TS{1 + index // 2}/img_{index % 2:06d}.jpg', 'width': WIDTH, 'height': HEIGHT,
         'intrinsic': [*F, *C]} for index in range(4)
    ]  # fmt: skip
    annotations = []
    for index in range(4):
        points = person(3000, seed=index)
        annotations.append(
            {'id': index, 'image_id': index, 'bbox': [1, 2, 10, 20], 'keypoints_img': camera().project(points).tolist(),
             'keypoints_cam': points.tolist(), 'keypoints_vis': [1] * 16 + [0], 'is_valid': int(index != 3)}
        )  # fmt: skip
    return {'images': images, 'annotations': annotations}


def write_json(root, content: dict) -> None:
    (root / 'MuPoTS-3D.json').write_text(json.dumps(content))
    for image in json_content()['images']:
        write_image(root / 'MultiPersonTestSet' / image['file_name'])


def test_community_json(tmp_path):
    write_json(tmp_path, json_content())
    dataset = build(tmp_path, ann_file='MuPoTS-3D.json', sequences=[2])
    assert [(item['seq_name'], item['frame_id'], item['img_id']) for item in dataset] == [('TS2', 0, 2), ('TS2', 1, 3)]
    item = dataset.get_data_info(0)
    np.testing.assert_array_equal(item['bbox'], [[1, 2, 11, 22]])
    np.testing.assert_array_equal(item['camera'].K, camera().K)
    np.testing.assert_array_equal(item['keypoints_cam'], item['keypoints_cam_univ'])
    assert np.argwhere(item['keypoints_occluded']).tolist() == [[0, 16]] and item['keypoints_visible'].all()
    assert dataset.get_data_info(1)['person_valid'].tolist() == [0]
    assert item['track_ids'].tolist() == [-1]


@pytest.mark.parametrize(
    ('field', 'value'), [('intrinsic', [0, 1, 2, 3]), ('intrinsic', [1, 2]), ('file_name', 'TS1/img.jpg')]
)
def test_wrong_image_field_in_json(tmp_path, field, value):
    content = json_content()
    content['images'][1][field] = value
    write_json(tmp_path, content)
    with pytest.raises(ValueError, match=rf'MuPoTS-3D.json: images\[1\].*{field}'):
        build(tmp_path, ann_file='MuPoTS-3D.json')


def damaged(tmp_path, change) -> str:
    """Write one sequence, change its annotation cells in place, and return the error of reading it."""
    root = write_mupots(tmp_path, {'TS1': 2})
    path = root / 'MultiPersonTestSet' / 'TS1' / 'annot.mat'
    cells = np.empty((2, 2), object)
    for frame, column in np.ndindex(2, 2):
        cells[frame, column] = mupots_cell(person(3000, seed=frame + column))
    change(cells)
    write_mat(path, annotations=cells)
    with pytest.raises(ValueError, match='annot.mat') as caught:
        build(root)
    return str(caught.value)


def test_damaged_cells_are_named(tmp_path):
    assert "cell {2,1}: lacks the field 'annot3'" in damaged(tmp_path, lambda cells: cells[1, 0].pop('annot3'))
    message = damaged(tmp_path, lambda cells: cells[0, 1].update(annot2=np.zeros((17, 2))))
    assert "cell {1,2}: field 'annot2' must be numbers of shape (2, 17), got float64 of shape (17, 2)" in message
    message = damaged(tmp_path, lambda cells: [each.update(annot2=np.ones((2, 17)) * 7) for each in cells.flat])
    assert 'cannot tell the camera' in message


@pytest.mark.parametrize('name', ['annot.mat', 'occlusion.mat'])
@pytest.mark.parametrize('content', [b'', b'no matlab', None])
def test_damaged_files_are_named(tmp_path, name, content):
    root = write_mupots(tmp_path, {'TS1': 2})
    path = root / 'MultiPersonTestSet' / 'TS1' / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if content is None else content)
    with pytest.raises(ValueError, match=rf'{name}: (not a readable MATLAB|lacks the variable|the file is empty)'):
        build(root)


def test_wrong_variables_are_named(tmp_path):
    root = write_mupots(tmp_path, {'TS1': 2})
    folder = root / 'MultiPersonTestSet' / 'TS1'
    write_mat(folder / 'occlusion.mat', occlusion_labels=np.zeros((2, 2)))
    with pytest.raises(ValueError, match='occlusion.mat.*must be a cell array'):
        build(root)
    (folder / 'occlusion.mat').unlink()
    with pytest.raises(FileNotFoundError, match='occlusion.mat does not exist'):
        build(root)
    write_mat(folder / 'annot.mat', other=np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"lacks the variable 'annotations', it has \['other'\]"):
        build(root)


def test_not_finite_joints_lose_their_label_with_one_warning(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(mupots, 'warn', said.append)
    root = write_mupots(tmp_path, {'TS1': 2})
    path = root / 'MultiPersonTestSet' / 'TS1' / 'annot.mat'
    cells = scipy.io.loadmat(path)['annotations']
    cells[0, 0]['annot2'][0, 0][0, 3] = np.nan
    cells[0, 1]['univ_annot3'][0, 0][1, 4] = np.inf
    write_mat(path, annotations=cells)
    item = build(root).get_data_info(0)
    assert np.argwhere(item['keypoints_visible'] == 0).tolist() == [[0, 3]]
    assert np.argwhere(item['keypoints_3d_valid'] == 0).tolist() == [[1, 4]]
    assert np.isfinite(item['keypoints_cam_univ']).all()
    assert len(said) == 1 and '1 2D and 1 3D' in said[0]


def test_sequence_without_valid_people_has_no_camera(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(mupots, 'warn', said.append)
    root = write_mupots(tmp_path, {'TS1': 1})
    cells = np.empty((1, 2), object)
    cells[0, 0], cells[0, 1] = mupots_cell(person(3000), valid=0), np.zeros((0, 0))
    write_mat(root / 'MultiPersonTestSet' / 'TS1' / 'annot.mat', annotations=cells)
    item = build(root).get_data_info(0)
    assert item['camera'] is None and item['person_valid'].tolist() == [0, 0]
    assert not item['keypoints_visible'][1].any() and not item['bbox'][1].any()
    assert 'TS1' in said[0]


def test_mislaid_root_says_where_to_look(tmp_path):
    root = write_mupots(tmp_path / 'data', {'TS1': 1})
    for wrong in (tmp_path, root / 'MultiPersonTestSet'):
        with pytest.raises(FileNotFoundError, match="Found it with data_root='.*data'"):
            build(wrong)
    (tmp_path / 'empty' / 'MultiPersonTestSet').mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match='holds no sequence.*make_synthetic.py --format mupots'):
        build(tmp_path / 'empty')
    nested = write_mupots(tmp_path / 'zipped', {'TS1': 1}) / 'MultiPersonTestSet'
    nested.rename(nested.with_name('again'))
    nested.mkdir()
    (nested.parent / 'again').rename(nested / 'MultiPersonTestSet')
    with pytest.raises(FileNotFoundError, match=r"annot.mat: pass data_prefix=dict\(img='.*MultiPersonTestSet'\)"):
        build(nested.parent)
    with pytest.raises(FileNotFoundError, match='img_000000.jpg does not exist'):
        build(write_mupots(tmp_path / 'blind', {'TS1': 1}, images=False))


def test_unreadable_frame_stays_in_the_test(tmp_path):
    root = write_mupots(tmp_path, {'TS1': 3})
    path = root / 'MultiPersonTestSet' / 'TS1' / 'img_000001.jpg'
    path.write_bytes(path.read_bytes()[:-200])
    items = list(build(root, pipeline=[LoadMultiPersonImage()]))
    assert [item['img_unreadable'] for item in items] == [False, True, False]
    assert items[1]['img'].shape == (HEIGHT, WIDTH, 3) and not items[1]['img'].any()


def test_one_resized_image_does_not_give_its_size_to_the_others(tmp_path):
    root = write_mupots(tmp_path, {'TS1': 6})
    write_image(root / 'MultiPersonTestSet/TS1/img_000000.jpg', (20, 10))
    items = list(build(root, pipeline=[LoadMultiPersonImage()]))
    assert [item['img_unreadable'] for item in items] == [True] + [False] * 5


def test_real_video_in_official_layout():
    dataset = build(shared_path('real/two_person/mupots_layout'), pipeline=[LoadMultiPersonImage()])
    assert len(dataset) == 200 and dataset[150]['img'].shape == (1920, 1088, 3)
    items = [dataset.get_data_info(index) for index in range(200)]
    assert [len(item['bbox']) for item in items] == [3] * 100 + [2] * 100
    assert sum(item['person_valid'].sum() for item in items[100:]) == 140
    errors = []
    for item in items:
        off = np.linalg.norm(item['camera'].project(item['keypoints_cam']) - item['keypoints'], axis=-1)
        errors.append(off[(item['keypoints_3d_valid'] > 0) & (item['person_valid'][:, None] > 0)])
    assert np.median(np.concatenate(errors)) < 0.5 and np.concatenate(errors).max() < 2
    np.testing.assert_allclose(items[0]['camera'].focal, 1675, rtol=0.01)


def test_annotations_without_images(tmp_path):
    root = write_mupots(tmp_path, {'TS1': 2}, images=False)
    item = build(root, needs_images=False).get_data_info(0)
    assert item['img_shape'] == (46, 62)  # twice the principal point
    assert mupots._likely_size(np.array([1500, 1500, 1017.0, 1030.0])) == (2048, 2048)
    assert mupots._likely_size(np.array([1500, 1500, 965.0, 545.0])) == (1920, 1080)
