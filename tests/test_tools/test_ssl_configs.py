"""Labelling, training a student on the labels, and a further round with the student as the teacher, by command."""

from __future__ import annotations

import shutil

import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.compat.checkpoint import load_checkpoint
from mmp3d.datasets.pseudo_labels import load_labels
from tests.test_tools.test_lifting_configs import CHECKOUT, tool

register_all_modules()
CONFIG = str(CHECKOUT / 'configs' / 'ssl_tiny_virtual.py')
NETS = [f'{net}.backbone.{option}' for net in ('pose_net', 'depth_net')
        for option in ('stem_channels=8', 'kernel_sizes=(3,3)')]  # fmt: skip
SMALL = [f'{role}.{option}' for role in ('teacher', 'model.student') for option in NETS]
SMALL += [f'model.discriminator.{part}_channels=8' for part in ('pose', 'pair')]
SMALL += ['model.student_checkpoint=None', 'unlabelled_dataset.num_items=8', 'unlabelled_dataset.num_procedural=4']
SMALL += ['train_dataloader.batch_size=4', 'train_dataloader.dataset.labelled.num_procedural=4']
SMALL += ['train_cfg.max_epochs=2', 'max_epochs=2']
for part in ('train', 'val', 'test'):
    SMALL += [f'{part}_dataloader.num_workers=0', f'{part}_dataloader.persistent_workers=False']
for part in ('val', 'test'):
    SMALL += [f'{part}_dataloader.dataset.{option}' for option in ('num_items=2', 'clip_length=5', 'num_procedural=40')]


def run(name, *arguments, **options):
    tool(name)([CONFIG, *map(str, arguments), '--cfg-options', *SMALL, *(f'{k}={v}' for k, v in options.items())])


@pytest.fixture(scope='module')
def first_round(tmp_path_factory):
    """Folder with labels of a teacher and a student's run of two epochs on them."""
    folder = tmp_path_factory.mktemp('ssl')
    torch.manual_seed(0)
    cfg = Config.fromfile(CONFIG)
    cfg.merge_from_dict({f'teacher.{net}.backbone.stem_channels': 8 for net in ('pose_net', 'depth_net')})
    cfg.merge_from_dict({f'teacher.{net}.backbone.kernel_sizes': (3, 3) for net in ('pose_net', 'depth_net')})
    torch.save({'state_dict': MODELS.build(cfg.teacher).state_dict(), 'meta': {}}, folder / 'teacher.pth')
    run('pseudo_label', folder / 'teacher.pth', '--out', folder / 'labels.npz')
    train(folder / 'run', folder / 'labels.npz')
    return folder


def train(work_dir, labels, *arguments):
    ann_file = {'train_dataloader.dataset.unlabelled.ann_file': labels}
    run('train', '--work-dir', work_dir, *arguments, **ann_file)


def test_the_student_teaches_a_further_round(first_round, tmp_path):
    student = first_round / 'run' / 'epoch_2.pth'
    run('pseudo_label', student, '--out', tmp_path / 'labels.npz')
    first, second = (load_labels(folder / 'labels.npz') for folder in (first_round, tmp_path))
    assert first[0]['teacher'] != second[0]['teacher']
    assert (first[1]['keypoints_norm'] == second[1]['keypoints_norm']).all()
    assert (first[1]['keypoints_cam'] != second[1]['keypoints_cam']).any()
    run('test', student, '--work-dir', tmp_path)
    assert list(tmp_path.glob('*/results.json'))


def test_rounds_follow_each_other_and_finished_ones_are_left_alone(first_round, tmp_path):
    options = {'max_epochs': 1, 'train_cfg.max_epochs': 1, 'model.student_checkpoint': 'lifters.pth'}
    run('self_train', first_round / 'teacher.pth', '--work-dir', tmp_path, **options)
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.glob('round_*/*.[np]*z*'))
    assert files == ['round_1/labels.npz', 'round_2/labels.npz']
    first, second = (load_labels(tmp_path / name) for name in files)
    assert (first[1]['keypoints_cam'] != second[1]['keypoints_cam']).any()
    students = [load_checkpoint(tmp_path / f'round_{number}' / 'epoch_1.pth') for number in (1, 2)]
    models = [Config.fromstring(each['meta']['cfg'], '.py').model for each in students]
    assert [model.input_mask for model in models] == [0.1, 0.2]
    assert models[0].student_checkpoint == str(first_round / 'teacher.pth')
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob('round_*/*.*') if path.suffix in ('.npz', '.pth')}
    run('self_train', first_round / 'teacher.pth', '--work-dir', tmp_path, **options)
    assert times == {path: path.stat().st_mtime_ns for path in times}
    with pytest.raises(ValueError, match='rounds'):
        run('self_train', first_round / 'teacher.pth', '--work-dir', tmp_path, rounds='[]')


def test_a_run_that_was_ended_ends_as_if_it_was_not(first_round, tmp_path):
    shutil.copy(first_round / 'run' / 'epoch_1.pth', tmp_path)
    train(tmp_path, first_round / 'labels.npz', '--resume', tmp_path / 'epoch_1.pth')
    whole, resumed = (
        load_checkpoint(folder / 'epoch_2.pth')['state_dict'] for folder in (first_round / 'run', tmp_path)
    )
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


def test_the_student_starts_as_the_shipped_lifters_and_sees_what_they_saw():
    cfg, own = (
        Config.fromfile(CHECKOUT / 'configs' / f'{name}.py') for name in ('ssl_tiny_virtual', 'lifting_tiny_virtual')
    )
    assert cfg.teacher == cfg.model.student == own.model
    for dataset in (cfg.train_dataloader.dataset.labelled, cfg.unlabelled_dataset):
        assert all(dataset[key] == own.train_dataloader.dataset[key] for key in ('noise', 'motion', 'clip_length'))
    model = MODELS.build(cfg.model)
    model.init_weights()
    weights = load_checkpoint(CHECKOUT / 'weights' / 'lifting_tiny_virtual.pth')['state_dict']
    assert all(torch.equal(value, weights[name].to(value)) for name, value in model.student.state_dict().items())


def test_the_papers_recipe_builds():
    cfg = Config.fromfile(CHECKOUT / 'configs' / 'ssl_coco.py')
    model = MODELS.build(cfg.model)
    assert model.student.pose_net.receptive_field == cfg.receptive_field == 243
    assert set(MODELS.build(cfg.teacher).state_dict()) == set(model.student.state_dict())
