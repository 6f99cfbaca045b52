"""Every synthetic set against the data set class of its own layout."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmp3d.datasets import H36MDataset, JTADataset, MuCoDataset, MuPoTSDataset, PW3DDataset
from mmp3d.geometry import JTA22, MUCO21, SMPL24
from mmp3d.synthetic import h36m, jta, pw3d
from mmp3d.synthetic.generate import RECORD_FOLDER, generate
from mmp3d.synthetic.joint_mix import mix_of, mixed
from mmp3d.synthetic.recipe import CLOSE, Recipe
from tests.test_synthetic.bvh_text import bvh_text

RECIPES = {
    'jta': Recipe('jta', 3, frames=2, people=(3, 5), size=(1920, 1080), seed=1, interactions=CLOSE),
    '3dpw': Recipe('3dpw', 3, frames=3, people=(1, 2), size=(320, 180), seed=1, interactions=CLOSE),
    'h36m': Recipe('h36m', 2, frames=2, people=(1, 1), size=(250, 252), seed=1, interactions=CLOSE),
    'muco': Recipe('muco', 3, size=(160, 100), seed=1, interactions=CLOSE),
    'mupots': Recipe('mupots', 1, frames=2, people=(2, 3), size=(160, 96), seed=1, interactions=CLOSE),
}
LOADERS = [
    ('jta', JTADataset, dict(split='train')),
    ('jta', JTADataset, dict(split='val')),
    ('jta', JTADataset, dict(split='test')),
    ('3dpw', PW3DDataset, dict(split='train')),
    ('3dpw', PW3DDataset, dict(split='val')),
    ('3dpw', PW3DDataset, dict(split='test', ann_file='3DPW_test.json')),
    ('h36m', H36MDataset, dict(split='train')),
    ('h36m', H36MDataset, dict(split='test')),
    ('muco', MuCoDataset, dict(ann_file='MuCo-3DHP.json')),
    ('mupots', MuPoTSDataset, dict(ann_file='MuPoTS-3D.json')),
]


@pytest.fixture(scope='module')
def folders(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp('data')
    for name, recipe in RECIPES.items():
        generate(recipe, root / name)
    return {name: root / name for name in RECIPES}


@pytest.mark.parametrize(('name', 'dataset', 'options'), LOADERS)
def test_its_own_loader_projects_3d_onto_2d_and_finds_the_pictures(folders, name, dataset, options) -> None:
    items = list(dataset(data_root=str(folders[name]), **options))
    assert items
    seen = 0
    for item in items:
        height, width = cv2.imread(item['img_path']).shape[:2]
        assert (height, width) == tuple(item['img_shape'])
        there = (item['keypoints_3d_valid'] > 0) & (item['keypoints_visible'] > 0)
        error = np.linalg.norm(item['camera'].project(item['keypoints_cam']) - item['keypoints'], axis=-1)[there]
        assert error.max(initial=0) < 0.01  # px
        seen += there.sum()
    assert seen >= 12


def test_jta_holds_crowds_in_its_own_rows_and_numbers(folders) -> None:
    names = sorted(str(path.relative_to(folders['jta'] / 'annotations')) for path in folders['jta'].rglob('seq_*.json'))
    assert names == ['test/seq_256.json', 'train/seq_0.json', 'val/seq_257.json']
    assert [jta.sequence_of(index) for index in (3, 4, 5, 6)] == [
        ('train', 1),
        ('train', 2),
        ('val', 259),
        ('test', 258),
    ]
    rows = json.loads((folders['jta'] / 'annotations/train/seq_0.json').read_text())
    table = np.array(rows)
    assert table.shape[1] == 10
    assert set(table[:, 0]) == {1, 2}
    assert len(table) % JTA22.num_joints == 0
    np.testing.assert_allclose(table[:, 3], 1158 * table[:, 5] / table[:, 7] + 960, atol=1e-2)
    np.testing.assert_allclose(table[:, 4], 1158 * table[:, 6] / table[:, 7] + 540, atol=1e-2)
    assert 3 < table[:, 7].mean() < 60  # metres
    assert set(table[:, 8]) | set(table[:, 9]) <= {0, 1}
    outside = (table[:, 3] < -0.5) | (table[:, 3] >= 1919.5) | (table[:, 4] < -0.5) | (table[:, 4] >= 1079.5)
    assert (table[outside, 8] == 1).all()


def test_3dpw_holds_what_the_release_holds_with_a_camera_that_moves(folders) -> None:
    with (folders['3dpw'] / 'sequenceFiles/train/synthetic_0000_00.pkl').open('rb') as stream:
        content = pickle.load(stream, encoding='latin1')  # noqa: S301  written by this test
    people = len(content['jointPositions'])
    assert {
        'sequence', 'poses', 'betas', 'trans', 'jointPositions', 'poses2d', 'cam_poses', 'campose_valid',
        'cam_intrinsics', 'genders', 'img_frame_ids', 'poses_60Hz', 'trans_60Hz'} <= set(content)  # fmt: skip
    assert content['cam_poses'].shape == (3, 4, 4)
    assert np.abs(np.diff(content['cam_poses'], axis=0)).max() > 1e-4
    assert len(content['poses2d']) == len(content['campose_valid']) == len(content['genders']) == people
    assert content['poses2d'][0].shape == (3, 3, 18)
    assert content['jointPositions'][0].shape == (3, 72)
    assert np.isnan(content['poses'][0]).all()  # puppets have no SMPL body, and the file says so
    portrait = cv2.imread(str(folders['3dpw'] / 'imageFiles/synthetic_0002_00/image_00000.jpg'))
    assert portrait.shape == (320, 180, 3)
    assert [pw3d.sequence_of(index)[0] for index in range(60)].count('validation') == 12


def test_detections_of_3dpw_are_near_the_joints_of_its_people(folders) -> None:
    with (folders['3dpw'] / 'sequenceFiles/train/synthetic_0000_00.pkl').open('rb') as stream:
        content = pickle.load(stream, encoding='latin1')  # noqa: S301  written by this test
    world = np.concatenate([content['jointPositions'][0].reshape(3, 24, 3), np.ones((3, 24, 1))], axis=-1)
    points = np.einsum('tij,tkj->tki', content['cam_poses'], world)[..., :3]
    pixels = points @ content['cam_intrinsics'].T
    pixels = pixels[..., :2] / pixels[..., 2:]
    detected = content['poses2d'][0].swapaxes(1, 2)
    knees = [detected[:, 9], detected[:, 12]], [pixels[:, 5], pixels[:, 4]]
    for found, true in zip(*knees, strict=True):
        certain = found[:, 2] > 0.7
        assert np.linalg.norm(found[certain, :2] - true[certain], axis=-1).max(initial=0) < 20


def test_h36m_shows_the_person_where_its_lens_puts_the_joints(folders) -> None:
    for split in ('train', 'test'):
        for item in H36MDataset(data_root=str(folders['h36m']), split=split):
            assert item['camera'].distortion is not None
            assert item['camera'].image_size in ((250, 252), (250, 250))
            box = item['bbox'].reshape(4)
            low, high = item['keypoints'][0].min(axis=0), item['keypoints'][0].max(axis=0)
            assert (low > box[:2] - 3).all()
            assert (high < box[2:] + 3).all()
            assert ((high - low)[1] > 0.6 * (box[3] - box[1])).all()  # the box comes from the picture


def test_h36m_has_takes_by_subject_four_cameras_and_one_body_a_subject(folders) -> None:
    assert h36m.take_of(0) == (1, 2, 1)
    assert h36m.take_of(7) == (1, 3, 1)
    assert h36m.take_of(7 * 15) == (1, 2, 2)
    data = json.loads((folders['h36m'] / 'annotations/Human36M_subject1_data.json').read_text())
    assert {image['cam_idx'] for image in data['images']} == {1, 2, 3, 4}
    assert len(data['images']) == len(data['annotations']) == 8
    poses = json.loads((folders['h36m'] / 'annotations/Human36M_subject1_joint_3d.json').read_text())
    pose = np.array(poses['2']['1']['0'])
    assert pose.shape == (17, 3)
    assert pose[10, 2] > pose[0, 2] > pose[3, 2] > 0  # z is up: head, pelvis, ankle


def test_bodies_have_all_joints_of_the_sets() -> None:
    joints = np.random.default_rng(0).normal(size=(2, 21, 3))
    for skeleton in (JTA22, SMPL24):
        np.testing.assert_allclose(mix_of(skeleton).sum(axis=1), 1)
        pelvis = skeleton.joint_names.index('pelvis' if skeleton is SMPL24 else 'spine4')
        np.testing.assert_allclose(mixed(joints, skeleton)[:, pelvis], joints[:, MUCO21.root_index])


@pytest.mark.parametrize('name', ['3dpw', 'h36m'])
def test_the_same_command_goes_on_and_ends_with_the_same_files(folders, name, tmp_path, monkeypatch) -> None:
    def interrupted(recipe, folder, index):
        if index:
            raise KeyboardInterrupt
        return write(recipe, folder, index)

    module = {'3dpw': pw3d, 'h36m': h36m}[name]
    write = module.write_unit
    with monkeypatch.context() as patch:
        patch.setattr(module, 'write_unit', interrupted)
        with pytest.raises(KeyboardInterrupt):
            generate(RECIPES[name], tmp_path / name)
    assert (tmp_path / name / RECORD_FOLDER).is_dir()
    generate(RECIPES[name], tmp_path / name)
    whole, parts = ({str(p.relative_to(root)): p.read_bytes() for p in root.rglob('*') if p.is_file()}
                    for root in (folders[name], tmp_path / name))  # fmt: skip
    assert whole == parts


def test_recorded_motion_is_played_and_belongs_to_the_record(tmp_path) -> None:
    steps = [{'at': (0, 2, 0.05 * i), 'LeftArm': (-70 + i, 0, 0), 'RightArm': (70 - i, 0, 0)} for i in range(30)]
    (tmp_path / 'motion').mkdir()
    (tmp_path / 'motion' / 'walk.bvh').write_text(bvh_text(steps))
    recipe = Recipe('mupots', 1, frames=3, people=(1, 1), size=(160, 96), motion=str(tmp_path / 'motion'))
    annotation_file = generate(recipe, tmp_path / 'set')
    assert json.loads((tmp_path / 'set' / 'synthetic.json').read_text())['motion'] == str(tmp_path / 'motion')
    joints = np.array([a['keypoints_cam'] for a in json.loads(annotation_file.read_text())['annotations']])
    arms = np.linalg.norm(joints[:, [4, 7]] - joints[:, [2, 5]], axis=-1)
    assert (arms > 0.95 * (np.linalg.norm(joints[:, 3] - joints[:, 2], axis=-1) * 1.85)[:, None]).all()  # straight
    with pytest.raises(ValueError, match='records another data set'):
        generate(Recipe('mupots', 1, frames=3, people=(1, 1), size=(160, 96)), tmp_path / 'set')


def test_a_missing_folder_of_motions_leaves_nothing_behind(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match='nowhere is no folder'):
        generate(Recipe('mupots', 1, motion=str(tmp_path / 'nowhere')), tmp_path / 'set')
    assert not (tmp_path / 'set').exists()


@pytest.mark.parametrize(
    'changes',
    [dict(interactions='near'), dict(people=(0, 101)), dict(format='h36m', people=(1, 2)), dict(format='panoptic')],
)
def test_recipes_that_make_no_sense_are_refused(changes) -> None:
    with pytest.raises(ValueError, match=r'expected'):
        Recipe(**{'format': 'jta', 'units': 1, **changes})
