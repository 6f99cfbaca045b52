from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import loadmat

from mmp3d.geometry import MUCO21, MUPOTS17, Camera
from mmp3d.synthetic import generate as module
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import RECIPE_VERSION, Recipe, read_recipe
from tests.shared_data import shared_path

MUCO = Recipe('muco', 6, size=(160, 100), seed=2)
MUPOTS = Recipe('mupots', 2, frames=4, people=(2, 3), size=(160, 96), seed=2, video=True)


@pytest.fixture(scope='module')
def muco(tmp_path_factory) -> Path:
    return generate(MUCO, tmp_path_factory.mktemp('data') / 'muco').parent


@pytest.fixture(scope='module')
def mupots(tmp_path_factory) -> Path:
    return generate(MUPOTS, tmp_path_factory.mktemp('data') / 'mupots').parent


def _load(path: Path) -> dict:
    return json.loads(path.read_text(encoding='utf-8'))


def _files(folder: Path) -> dict:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob('*')) if p.is_file()}


def _nesting(array: np.ndarray) -> tuple:
    """Type, field names and, below a cell or a struct, the nesting of the first element."""
    first = array.flat[0] if array.dtype.hasobject else None
    if array.dtype.names:
        return array.shape, array.dtype.names, tuple(_nesting(first[name]) for name in array.dtype.names)
    return ('cell', _nesting(first)) if first is not None else (array.shape, array.dtype.str)


def test_muco_projects_onto_its_own_pixels(muco: Path) -> None:
    content = _load(muco / 'MuCo-3DHP.json')
    assert [image['id'] for image in content['images']] == list(range(6))
    assert [person['id'] for person in content['annotations']] == list(range(len(content['annotations'])))
    for person in content['annotations']:
        image = content['images'][person['image_id']]
        camera = Camera.from_intrinsics(image['f'], image['c'], (image['width'], image['height']))
        pixels = camera.project(np.array(person['keypoints_cam']))
        np.testing.assert_allclose(pixels, person['keypoints_img'], atol=1e-3)
        assert len(person['keypoints_img']) == MUCO21.num_joints
        assert person['keypoints_vis'] == [1] * 21
    for image in content['images']:
        assert cv2.imread(str(muco / image['file_name'])).shape == (100, 160, 3)
        assert image['file_name'].split('/')[0] in ('augmented_set', 'unaugmented_set')


def test_muco_extrinsics_put_people_on_the_floor(muco: Path) -> None:
    content = _load(muco / 'MuCo-3DHP.json')
    for person in content['annotations']:
        image = content['images'][person['image_id']]
        world = (np.array(person['keypoints_cam']) - image['T']) @ np.array(image['R'])
        assert -900 < world[:, 1].max() < 0  # y down, floor at 0, a jump is lower than 0.9 m


def test_muco_fields_are_those_of_the_community_file(muco: Path) -> None:
    real = _load(shared_path('real/two_person/muco_layout') / 'MuCo-3DHP.json')
    ours = _load(muco / 'MuCo-3DHP.json')
    assert set(ours) == set(real)
    for key in ('images', 'annotations'):
        assert set(ours[key][0]) == set(real[key][0])
    for key in ('f', 'c', 'R', 'T'):
        assert np.shape(ours['images'][0][key]) == np.shape(real['images'][0][key])


@pytest.mark.parametrize(('file', 'variable'), [('annot.mat', 'annotations'), ('occlusion.mat', 'occlusion_labels')])
def test_mat_files_are_nested_like_the_official_ones(mupots: Path, file: str, variable: str) -> None:
    real = shared_path('real/two_person/mupots_layout') / 'MultiPersonTestSet' / 'TS1' / file
    theirs, ours = (loadmat(path)[variable] for path in (real, mupots / 'MultiPersonTestSet' / 'TS1' / file))
    assert _nesting(ours) == _nesting(theirs)
    assert ours.ndim == 2
    assert ours.shape[0] == 4


def test_mat_and_json_say_the_same(mupots: Path) -> None:
    content = _load(mupots / 'MuPoTS-3D.json')
    people = iter(content['annotations'])
    for sequence in (1, 2):
        folder = mupots / 'MultiPersonTestSet' / f'TS{sequence}'
        cells = loadmat(folder / 'annot.mat')['annotations']
        labels = loadmat(folder / 'occlusion.mat')['occlusion_labels']
        assert 2 <= cells.shape[1] <= 3
        for cell, label in zip(cells.ravel(), labels.ravel(), strict=True):
            person = next(people)
            np.testing.assert_allclose(cell['annot2'][0, 0].T, person['keypoints_img'])
            np.testing.assert_allclose(cell['annot3'][0, 0].T, person['keypoints_cam'])
            np.testing.assert_array_equal(1 - label[0], person['keypoints_vis'])
            assert cell['isValidFrame'][0, 0][0, 0] == person['is_valid']
    assert next(people, None) is None


def test_universal_skeleton_is_scaled_about_the_pelvis(mupots: Path) -> None:
    cells = loadmat(mupots / 'MultiPersonTestSet' / 'TS1' / 'annot.mat')['annotations']
    for column in cells.T:
        pose, universal = (np.stack([cell[name][0, 0].T for cell in column]) for name in ('annot3', 'univ_annot3'))
        root = pose[:, MUPOTS17.root_index, None]
        np.testing.assert_allclose(universal[:, MUPOTS17.root_index], root[:, 0])
        ratio = np.linalg.norm(universal - root, axis=-1)[:, :14] / np.linalg.norm(pose - root, axis=-1)[:, :14]
        np.testing.assert_allclose(ratio, ratio[0, 0])


def test_intrinsics_and_video_of_mupots(mupots: Path) -> None:
    content = _load(mupots / 'MuPoTS-3D.json')
    for person in content['annotations']:
        image = content['images'][person['image_id']]
        fx, fy, cx, cy = image['intrinsic']
        pixels = Camera.from_intrinsics((fx, fy), (cx, cy), (160, 96)).project(np.array(person['keypoints_cam']))
        np.testing.assert_allclose(pixels, person['keypoints_img'], atol=1e-3)
    video = cv2.VideoCapture(str(mupots / 'MultiPersonTestSet' / 'TS1' / 'clip.mp4'))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 4


@pytest.mark.parametrize('name', ['muco', 'mupots'])
def test_poses2d_name_every_picture_and_say_what_they_are(name: str, request) -> None:
    folder = request.getfixturevalue(name)
    content = _load(folder / 'poses2d.json')
    annotation = _load(folder / ('MuCo-3DHP.json' if name == 'muco' else 'MuPoTS-3D.json'))
    assert (content['format'], content['version'], content['joint_set']) == ('mmp3d-poses2d', 1, 'mupots17')
    assert content['source'] == 'simulated detections from ground truth, seed 2'
    assert [image['file_name'] for image in content['images']] == [i['file_name'] for i in annotation['images']]
    shapes = {np.shape(person['keypoints']) for image in content['images'] for person in image['people']}
    assert shapes == {(17, 3)}


def test_the_recipe_still_draws_what_this_version_drew(muco: Path) -> None:
    """Weights name a recipe and its version: whoever has to change these numbers raises ``RECIPE_VERSION``."""
    assert RECIPE_VERSION == 1
    content = _load(muco / 'MuCo-3DHP.json')
    means = [np.mean(person['keypoints_cam']) for person in content['annotations'][:5]]
    np.testing.assert_allclose(means, [1879.148, 1561.190, 1384.183, 1074.488, 2935.349], atol=2e-3)
    colours = [cv2.imread(str(muco / image['file_name'])).mean() for image in content['images']]
    np.testing.assert_allclose(colours, [95.87, 143.61, 149.77, 181.82, 138.43, 112.53], atol=0.3)


def test_data_of_another_recipe_version_is_refused(tmp_path: Path) -> None:
    note = tmp_path / 'synthetic.json'
    note.write_text(json.dumps(replace(MUCO, version=RECIPE_VERSION - 1).to_dict()))
    with pytest.raises(ValueError, match='another data set.*delete that folder'):
        generate(MUCO, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ['synthetic.json']


def test_a_note_that_is_nested_too_deeply_is_no_recipe(tmp_path: Path) -> None:
    note = tmp_path / 'synthetic.json'
    note.write_text('[' * 100_000)
    with pytest.raises(ValueError, match='synthetic.json: not the note of a synthetic data set'):
        read_recipe(note)
    with pytest.raises(ValueError, match='another data set'):
        generate(MUCO, tmp_path)


def test_same_seed_same_bytes_other_seed_other_people(muco: Path, tmp_path: Path) -> None:
    again = generate(MUCO, tmp_path / 'again').parent
    assert _files(again) == _files(muco)
    other = generate(replace(MUCO, seed=3), tmp_path / 'other').parent
    assert (other / 'augmented_set/000001.jpg').read_bytes() != (muco / 'augmented_set/000001.jpg').read_bytes()


def test_an_interrupted_run_goes_on_and_ends_the_same(muco: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, '_PICTURES_A_CHUNK', 2)
    drawn = []
    write = module.muco.write_unit

    def stopping(recipe, folder, index):
        if index == 4 and len(drawn) == 4:
            raise KeyboardInterrupt
        drawn.append(index)
        return write(recipe, folder, index)

    monkeypatch.setattr(module.muco, 'write_unit', stopping)
    with pytest.raises(KeyboardInterrupt):
        generate(MUCO, tmp_path)
    assert not (tmp_path / 'MuCo-3DHP.json').exists()
    drawn.append(-1)
    reports = []
    generate(MUCO, tmp_path, report=lambda *counts: reports.append(counts))
    assert drawn == [0, 1, 2, 3, -1, 4, 5]
    assert reports == [(2, 6), (4, 6), (6, 6)]
    assert _files(tmp_path) == _files(muco)


def test_foreign_folders_are_left_alone(muco: Path, tmp_path: Path) -> None:
    (tmp_path / 'thesis.txt').write_text('mine')
    with pytest.raises(ValueError, match='not empty'):
        generate(MUCO, tmp_path)
    with pytest.raises(ValueError, match='another data set'):
        generate(replace(MUCO, seed=9), muco)
    assert [path.name for path in tmp_path.iterdir()] == ['thesis.txt']
    before = _files(muco)
    assert generate(MUCO, muco).exists()
    assert _files(muco) == before


def test_pictures_with_nobody(tmp_path: Path) -> None:
    generate(Recipe('muco', 1, people=(0, 0), size=(96, 64)), tmp_path / 'muco')
    assert _load(tmp_path / 'muco' / 'MuCo-3DHP.json')['annotations'] == []
    generate(Recipe('mupots', 1, frames=2, people=(0, 0), size=(96, 64)), tmp_path / 'mupots')
    assert loadmat(tmp_path / 'mupots/MultiPersonTestSet/TS1/annot.mat')['annotations'].shape == (2, 0)


@pytest.mark.parametrize(
    ('field', 'value'),
    [('format', 'panoptic'), ('units', 0), ('people', (3, 1)), ('size', (10, 400)), ('seed', -1), ('prefix', '../x')],
)
def test_recipes_out_of_range_name_the_field(field: str, value: object) -> None:
    with pytest.raises(ValueError, match='images' if field == 'units' else field):
        replace(MUCO, **{field: value})
