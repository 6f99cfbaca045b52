"""Pseudo-labels are the teacher's poses, written once, whole or not at all, and gone on with after an interruption."""

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.registry import DATASETS, MODELS

from mmp3d import register_all_modules
from mmp3d.apis import pseudo_labels
from mmp3d.apis.pseudo_labels import write_pseudo_labels
from mmp3d.datasets.pseudo_labels import PseudoLabelDataset, load_labels
from mmp3d.datasets.two_source import TwoSourceDataset, collate_sources
from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import CLOSE, Recipe

register_all_modules()
TCN = dict(stem_channels=8, kernel_sizes=(3, 3))
TEACHER = dict(
    type='PoseLiftingEstimator',
    pose_net=dict(type='TemporalPoseNet', use_poses=False, backbone=TCN),
    depth_net=dict(type='TemporalDepthNet', backbone=TCN),
)
VIRTUAL = dict(type='VirtualPoseDataset', num_items=7, clip_length=4, num_people=(1, 3), num_procedural=4)


def config(**options):
    return Config(dict(dict(teacher=TEACHER, unlabelled_dataset=VIRTUAL), **options))


@pytest.fixture
def weights(tmp_path):
    return save(tmp_path / 'teacher.pth')


def save(path, seed=0, prefix=''):
    torch.manual_seed(seed)
    state = MODELS.build(TEACHER).state_dict()
    torch.save({'state_dict': {prefix + name: value for name, value in state.items()}, 'meta': {}}, path)
    return path


def columns_equal(one, other):
    return all(np.array_equal(load_labels(one)[1][name], load_labels(other)[1][name]) for name in load_labels(one)[1])


def test_labels_are_the_teachers_poses_of_whoever_is_there(weights, tmp_path):
    write_pseudo_labels(config(), weights, tmp_path / 'labels.npz')
    _, columns, offsets = load_labels(tmp_path / 'labels.npz')
    truth = DATASETS.build(VIRTUAL).__getitems__(range(7)).stacked
    present = truth['person_valid'] > 0
    assert np.diff(offsets).tolist() == present.sum(dim=1).tolist()
    assert np.array_equal(columns['keypoints_norm'], truth['keypoints_norm'][present].numpy())
    torch.manual_seed(0)
    teacher = MODELS.build(TEACHER).eval()
    with torch.no_grad():
        pose = teacher.lift_track(truth['keypoints_norm'][0, 0], truth['keypoint_scores'][0, 0])
    np.testing.assert_allclose(columns['keypoints_cam'][0], pose.numpy(), rtol=1e-3, atol=0.5)


def test_the_students_checkpoint_teaches_as_the_students_weights(weights, tmp_path):
    student = save(tmp_path / 'run.pth', prefix='student.')
    for name, checkpoint in (('one', weights), ('two', student)):
        write_pseudo_labels(config(), checkpoint, tmp_path / f'{name}.npz')
    assert columns_equal(tmp_path / 'one.npz', tmp_path / 'two.npz')


def test_labelling_goes_on_where_it_was_ended(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(pseudo_labels, 'PART_ITEMS', 2)
    write_pseudo_labels(config(), weights, tmp_path / 'whole.npz')
    real, written = pseudo_labels._write_part, []

    def dies(path, *rest):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(path)
        real(path, *rest)

    monkeypatch.setattr(pseudo_labels, '_write_part', dies)
    out = tmp_path / 'labels.npz'
    with pytest.raises(KeyboardInterrupt):
        write_pseudo_labels(config(), weights, out)
    assert not out.exists()
    monkeypatch.setattr(pseudo_labels, '_write_part', lambda path, *rest: (written.append(path), real(path, *rest)))
    write_pseudo_labels(config(), weights, out)
    assert len(written) == 4
    assert len(set(written)) == 4
    assert columns_equal(out, tmp_path / 'whole.npz')
    assert not (tmp_path / 'labels.npz.parts').exists()
    write_pseudo_labels(config(), weights, out)
    assert len(written) == 4


def test_labels_of_another_teacher_are_kept_unless_asked(weights, tmp_path):
    out, other = tmp_path / 'labels.npz', save(tmp_path / 'other.pth', seed=1)
    first = write_pseudo_labels(config(), weights, out)
    with pytest.raises(ValueError, match='another teacher'):
        write_pseudo_labels(config(), other, out)
    assert load_labels(out)[0] == first
    second = write_pseudo_labels(config(), other, out, overwrite=True)
    assert second['teacher'] != first['teacher']
    assert second['config'] == first['config']


def test_what_is_not_found_is_not_labelled(weights, tmp_path, monkeypatch):
    dataset = DATASETS.build(VIRTUAL)
    batch = {key: values.clone() for key, values in dataset.__getitems__(range(7)).stacked.items()}
    batch['keypoints_norm'][0, 0, :, 3] = torch.nan
    batch['keypoint_scores'][1] = 0
    items = [{key: values[index] for key, values in batch.items()} for index in range(7)]
    monkeypatch.setattr(pseudo_labels.DATASETS, 'build', lambda cfg: items)
    write_pseudo_labels(config(), weights, tmp_path / 'labels.npz')
    _, columns, offsets = load_labels(tmp_path / 'labels.npz')
    assert len(offsets) - 1 == 6
    assert all(np.isfinite(values).all() for values in columns.values())
    assert (columns['keypoint_scores'][0][:, 3] == 0).all()
    for item in items:
        item['keypoint_scores'] = item['keypoint_scores'] * 0
    with pytest.raises(ValueError, match='none of the 7 unlabelled clips shows a person'):
        write_pseudo_labels(config(), weights, tmp_path / 'nobody.npz')
    assert not (tmp_path / 'nobody.npz').exists()


def test_a_teacher_that_cannot_teach_is_named(weights, tmp_path):
    out = tmp_path / 'labels.npz'
    with pytest.raises(FileNotFoundError, match=r'missing\.pth'):
        write_pseudo_labels(config(), tmp_path / 'missing.pth', out)
    torch.save({'state_dict': {'a': torch.zeros(1)}}, tmp_path / 'foreign.pth')
    with pytest.raises(ValueError, match='another architecture'):
        write_pseudo_labels(config(), tmp_path / 'foreign.pth', out)
    with pytest.raises(ValueError, match="'teacher'"):
        write_pseudo_labels(Config(dict(unlabelled_dataset=VIRTUAL)), weights, out)
    with pytest.raises(ValueError, match='PoseLiftingEstimator'):
        write_pseudo_labels(config(teacher=dict(type='HardIntegration')), weights, out)
    with pytest.raises(ValueError, match=r'\*\.npz'):
        write_pseudo_labels(config(), weights, tmp_path / 'labels.json')


def test_poses_of_a_2d_data_set_are_labelled_under_an_assumed_camera(weights, tmp_path):
    generate(Recipe('coco', 4, people=(1, 3), size=(160, 120), seed=1, interactions=CLOSE), tmp_path / 'coco')
    coco = dict(
        type='CocoMultiPersonDataset',
        data_root=str(tmp_path / 'coco'),
        ann_file='annotations/person_keypoints_train2017.json',
        data_prefix=dict(img='train2017/'),
        needs_images=False,
        filter_cfg=dict(filter_empty=True),
        pipeline=[dict(type='PackPoseClip', one_person=False, max_people=4, assume_camera=True)],
    )
    out = tmp_path / 'labels.npz'
    write_pseudo_labels(config(unlabelled_dataset=coco), weights, out)
    item = PseudoLabelDataset(str(out), max_people=2)[0]
    assert item['keypoints_cam'].shape == (2, 1, 17, 3)
    assert item['person_valid'].sum() >= 1
    assert (item['keypoints_cam'][0, 0, :, 2] > 0).any()


def test_labels_of_data_that_changed_are_not_taken_for_theirs(weights, tmp_path):
    generate(Recipe('coco', 4, people=(1, 3), size=(160, 120), seed=1, interactions=CLOSE), tmp_path / 'coco')
    annotations = 'annotations/person_keypoints_train2017.json'
    coco = dict(
        type='CocoMultiPersonDataset',
        data_root=str(tmp_path / 'coco'),
        ann_file=annotations,
        data_prefix=dict(img='train2017/'),
        needs_images=False,
        pipeline=[dict(type='PackPoseClip', one_person=False, max_people=4, assume_camera=True)],
    )
    cfg, out = config(unlabelled_dataset=coco), tmp_path / 'labels.npz'
    header = write_pseudo_labels(cfg, weights, out)
    assert write_pseudo_labels(cfg, weights, out) == header
    with (tmp_path / 'coco' / annotations).open('a') as file:
        file.write(' ')
    with pytest.raises(ValueError, match='another data'):
        write_pseudo_labels(cfg, weights, out)


def test_files_that_are_no_labels_are_named(weights, tmp_path):
    out = tmp_path / 'labels.npz'
    with pytest.raises(FileNotFoundError, match='pseudo_label'):
        PseudoLabelDataset(str(out))
    out.write_bytes(b'PK')
    with pytest.raises(ValueError, match='labels.npz: not a readable numpy archive'):
        PseudoLabelDataset(str(out))
    np.savez(out, header=json.dumps(dict(format='mmp3d-pseudo-labels', version=99)))
    with pytest.raises(ValueError, match='version 99'):
        PseudoLabelDataset(str(out))
    with pytest.raises(ValueError, match='version 99'):
        write_pseudo_labels(config(), weights, out)
    write_pseudo_labels(config(), weights, out, overwrite=True)
    content = dict(np.load(out))
    np.savez(out, **{**content, 'keypoints_cam': content['keypoints_cam'][:-1]})
    with pytest.raises(ValueError, match='keypoints_cam must be numbers of shape'):
        PseudoLabelDataset(str(out))


def test_each_epoch_shows_all_unlabelled_items_in_an_order_of_its_own(weights, tmp_path):
    write_pseudo_labels(config(), weights, tmp_path / 'labels.npz')
    unlabelled = dict(type='PseudoLabelDataset', ann_file=str(tmp_path / 'labels.npz'), max_people=3)
    dataset = TwoSourceDataset(dict(VIRTUAL, seed=5), unlabelled)
    assert len(dataset) == 7
    epochs = [collate_sources(dataset.__getitems__(range(start, start + 7))) for start in (0, 7)]
    keys = [epoch['unlabelled']['keypoints_norm'].flatten(1).sum(dim=1).tolist() for epoch in epochs]
    assert keys[0] != keys[1]
    assert sorted(keys[0]) == pytest.approx(sorted(keys[1]))
    assert not torch.equal(epochs[0]['labelled']['keypoints_cam'], epochs[1]['labelled']['keypoints_cam'])
    again = collate_sources(dataset.__getitems__(range(7)))
    assert torch.equal(again['unlabelled']['keypoints_cam'], epochs[0]['unlabelled']['keypoints_cam'])
    with pytest.raises(ValueError, match='TwoSourceDataset'):
        collate_sources([])
