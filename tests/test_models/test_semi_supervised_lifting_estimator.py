"""The student learns from both sources and against the discriminator, whatever is in a batch."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmpose.registry import MODELS

from mmp3d import register_all_modules

register_all_modules()
TCN = dict(stem_channels=16, kernel_sizes=(3, 3))
ADAM = dict(optimizer=dict(type='Adam', lr=1e-3))


def estimator(**options):
    torch.manual_seed(0)
    student = dict(
        type='PoseLiftingEstimator',
        pose_net=dict(type='TemporalPoseNet', use_poses=False, backbone=TCN),
        depth_net=dict(type='TemporalDepthNet', backbone=TCN),
    )
    small = dict(type='InterPersonDiscriminator', pose_channels=8, pair_channels=8)
    return MODELS.build(dict(type='SemiSupervisedLiftingEstimator', student=student, discriminator=small, **options))


def optimizers(model, **options):
    cfg = {'constructor': 'SubmoduleOptimWrapperConstructor', 'student': ADAM, 'discriminator': ADAM, **options}
    return build_optim_wrapper(model, cfg)


def clips(scenes=3, count=2, frames=9, present=1.0):
    generator = torch.Generator().manual_seed(0)
    poses = torch.randn(scenes, count, frames, 17, 3, generator=generator) * 300 + torch.tensor([0, 0, 4000.0])
    return dict(
        keypoints_norm=poses[..., :2] / poses[..., 2:],
        keypoint_scores=torch.ones(poses.shape[:-1]) * present,
        keypoints_cam=poses,
        keypoints_3d_valid=torch.ones(poses.shape[:-1]),
        person_valid=torch.full((scenes, count), present),
    )


def lift(model, clip):
    with torch.no_grad():
        return model.eval().student.lift_track(clip['keypoints_norm'][0, 0], clip['keypoint_scores'][0, 0])


def batch(**unlabelled):
    return dict(labelled=clips(), unlabelled=clips(**unlabelled))


@pytest.mark.parametrize('options', [{}, dict(type='Bfloat16OptimWrapper')])
def test_a_step_trains_student_and_discriminator(options):
    model = estimator(gradient_penalty=dict(type='R1Penalty'), input_mask=0.3, input_jitter=0.05)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    log = model.train_step(batch(frames=4), optimizers(model, **options))
    expected = {'loss_pose_net', 'loss_depth', 'loss_reprojection', 'loss_multi_perspective', 'loss_pseudo'}
    assert expected | {'loss_naturalness', 'loss_discriminator'} <= set(log)
    assert all(value.isfinite() for value in log.values())
    after = dict(model.named_parameters())
    assert all(value.isfinite().all() for value in after.values())
    for name in (
        'student.pose_net.output.weight',
        'student.depth_net.output.weight',
        'discriminator.pair_layers.0.weight',
    ):
        assert not torch.equal(before[name], after[name])


@pytest.mark.parametrize('unlabelled', [dict(present=0.0), dict(count=1), dict(frames=1), dict(scenes=1)])
def test_any_unlabelled_batch_is_legal(unlabelled):
    model = estimator()
    log = model.train_step(batch(**unlabelled), optimizers(model))
    assert all(value.isfinite() for value in log.values())
    assert all(value.isfinite().all() for value in model.parameters())


def test_poses_that_are_not_numbers_do_no_harm():
    model = estimator()
    data = batch()
    data['unlabelled']['keypoints_norm'][0, 0, :, 2] = torch.nan
    data['unlabelled']['keypoints_cam'][1, 0] = torch.nan
    data['unlabelled']['keypoints_3d_valid'][1, 0] = 0
    log = model.train_step(data, optimizers(model))
    assert all(value.isfinite() for value in log.values())
    assert all(value.isfinite().all() for value in model.parameters())


def test_the_student_comes_nearer_to_what_it_is_shown():
    model = estimator(semi_supervised_loss=dict(type='SemiSupervisedLoss', perspective_weight=0))
    wrappers = optimizers(model)
    logs = [model.train_step(batch(), wrappers) for _ in range(60)]
    for name in ('loss_pseudo', 'loss_reprojection'):
        assert logs[-1][name] < 0.8 * logs[0][name]


def test_a_student_that_does_not_learn_stays_its_teacher_statistics_included(tmp_path):
    torch.save(dict(state_dict=estimator().student.state_dict(), meta={}), tmp_path / 'teacher.pth')
    model = estimator(norm_eval=True, student_checkpoint=tmp_path / 'teacher.pth', input_mask=0.2, input_jitter=0.05)
    torch.nn.init.zeros_(model.student.pose_net.output.weight)
    model.init_weights()
    before = {name: value.clone() for name, value in model.student.state_dict().items()}
    pose = lift(model, clips())
    wrappers = optimizers(model.train(), student=dict(optimizer=dict(type='Adam', lr=0.0)))
    model.train_step(batch(), wrappers)
    assert all(torch.equal(value, before[name]) for name, value in model.student.state_dict().items())
    assert torch.equal(lift(model, clips()), pose)


def test_statistics_are_those_of_labelled_people_alone():
    after = []
    for unlabelled, absent in ((clips(scenes=2, frames=4), 0), (clips(scenes=5), 4)):
        model = estimator().train()
        labelled = {key: torch.cat([values, 0 * values[:absent]]) for key, values in clips(scenes=8).items()}
        model.train_step(dict(labelled=labelled, unlabelled=unlabelled), optimizers(model))
        after.append({name: value for name, value in model.student.named_buffers() if 'running' in name})
    assert not torch.equal(after[0]['pose_net.backbone.expand_conv.bn.running_mean'], torch.zeros(16))
    for name, value in after[0].items():
        torch.testing.assert_close(value, after[1][name], rtol=1e-5, atol=1e-6)


def test_predictions_are_those_of_the_student():
    model = estimator().eval()
    for one, other in zip(model.val_step(clips()), model.student.val_step(clips()), strict=True):
        assert torch.equal(one.pred_instances.keypoints_cam, other.pred_instances.keypoints_cam)


def test_what_cannot_be_trained_on_is_named():
    model = estimator()
    with pytest.raises(ValueError, match='unlabelled'):
        model.train_step(clips(), optimizers(model))
    with pytest.raises(ValueError, match='mode'):
        model(torch.zeros(1, 9, 17, 3), {}, mode='loss')
    with pytest.raises(ValueError, match='input_mask'):
        estimator(input_mask=1.5)
    with pytest.raises(FileNotFoundError, match=r'missing\.pth'):
        estimator(student_checkpoint='missing.pth').init_weights()
