import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.geometry import MUPOTS17

register_all_modules()
ROOT = MUPOTS17.root_index
TCN = dict(stem_channels=16, kernel_sizes=(3, 3))
STAGES = dict(
    gcn=dict(type='PoseGCN', hidden_channels=8),
    pose_net=dict(type='TemporalPoseNet', backbone=TCN),
    depth_net=dict(type='TemporalDepthNet', backbone=TCN),
)
MOTION_BERT = dict(
    type='MotionBERTPoseNet', backbone=dict(feat_size=16, depth=1, num_heads=2, seq_len=9), embedding_size=8
)


def estimator(*stages, pose_net=None, **options):
    torch.manual_seed(0)
    chosen = {name: STAGES[name] for name in stages}
    if pose_net:
        chosen['pose_net'] = pose_net
    model = MODELS.build(dict(type='PoseLiftingEstimator', **chosen, **options))
    return model


def clips(count=2, frames=9, valid=1.0, people=()):
    points = torch.randn(count, *people, frames, 17, 3) * 300 + torch.tensor([0, 0, 4000.0])
    return dict(
        keypoints_norm=points[..., :2] / points[..., 2:],
        keypoints=points[..., :2] / points[..., 2:] * 1000,
        keypoint_scores=torch.rand(points.shape[:-1]),
        keypoints_cam=points,
        keypoints_3d_valid=torch.full(points.shape[:-1], valid),
    )


def run(model, mode, **options):
    return model(**model.data_preprocessor(clips(**options)), mode=mode)


@pytest.mark.parametrize(
    ('stages', 'options', 'expected'),
    [
        (('gcn',), {}, {'loss_gcn'}),
        (('gcn',), dict(bone_loss=dict(type='BoneLengthLoss')), {'loss_gcn', 'loss_gcn_bones'}),
        (('gcn', 'pose_net'), dict(frozen=('gcn',)), {'loss_pose_net'}),
        (('gcn', 'pose_net', 'depth_net'), {}, {'loss_gcn', 'loss_pose_net', 'loss_depth'}),
        (('depth_net',), {}, {'loss_depth'}),
        ((), dict(pose_net=MOTION_BERT), {'loss_pose_net'}),
    ],
)
def test_each_stage_is_trained_on_its_own_losses(stages, options, expected):
    model = estimator(*stages, **options).train()
    losses = run(model, 'loss')
    assert set(losses) == expected
    sum(losses.values()).backward()
    for name, parameter in model.named_parameters():
        trains = name.split('.')[0] not in options.get('frozen', ())
        assert (parameter.grad is not None) == trains, name


def test_velocity_is_compared_between_the_frames_that_a_long_window_answers_for():
    model = estimator('gcn', 'pose_net', velocity_loss=dict(type='VelocityLoss'))
    assert run(model, 'loss', frames=12)['loss_pose_net_velocity'] > 0
    assert run(model, 'loss', frames=9)['loss_pose_net_velocity'] == 0


def test_one_clip_of_one_answered_frame_is_learnt_without_its_statistics():
    model = estimator('gcn', 'pose_net', 'depth_net').train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    losses = run(model, 'loss', count=1)
    sum(losses.values()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    torch.testing.assert_close(model.state_dict(), before)
    assert all(module.training for module in model.modules())
    run(model, 'loss', count=1, frames=10)
    means = [name for name in before if name.startswith('pose_net') and name.endswith('running_mean')]
    assert means and not any(torch.equal(model.state_dict()[name], before[name]) for name in means)


def test_a_frozen_stage_keeps_its_statistics():
    model = estimator('gcn', 'pose_net', 'depth_net', frozen=('depth_net',)).train()
    before = {name: value.clone() for name, value in model.depth_net.state_dict().items()}
    run(model, 'loss')
    for name, value in model.depth_net.state_dict().items():
        torch.testing.assert_close(value, before[name])
    assert model.pose_net.training and not model.depth_net.training


def test_targets_that_are_not_valid_cost_nothing():
    model = estimator('gcn', 'pose_net', 'depth_net', bone_loss=dict(type='BoneLengthLoss'))
    losses = run(model, 'loss', valid=0.0)
    assert all(loss == 0 for loss in losses.values())
    sum(losses.values()).backward()


@pytest.mark.parametrize('stages', [('gcn',), ('gcn', 'pose_net'), ('gcn', 'depth_net'), ('depth_net',), tuple(STAGES)])
@torch.no_grad()
def test_predictions_follow_the_data_contract(stages):
    model = estimator(*stages).eval()
    for frames in (1, 12):
        for sample in run(model, 'predict', frames=frames):
            people = sample.pred_instances
            assert people.keypoints_cam.shape == sample.gt_instances.keypoints_cam.shape == (frames, 17, 3)
            assert people.keypoints.shape == (frames, 17, 2)
            assert not people.keypoints_3d[:, ROOT].any()
            np.testing.assert_allclose(people.keypoints_3d + people.root_cam[:, None], people.keypoints_cam, atol=1e-2)


@torch.no_grad()
def test_the_root_lies_on_its_ray():
    model = estimator(*STAGES).eval()
    rays = clips(1)['keypoints_norm'][0]
    poses = model.lift_track(rays, torch.ones(9, 17))
    torch.testing.assert_close(poses[:, ROOT, :2] / poses[:, ROOT, 2:], rays[:, ROOT], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_nothing_seen_and_nan_are_finite_poses():
    model = estimator(*STAGES).eval()
    poses = model.lift_track(torch.full((3, 17, 2), float('nan')), torch.zeros(3, 17))
    assert poses.isfinite().all()


def test_stages_that_are_not_there_are_named():
    with pytest.raises(ValueError, match="needs one of .*'gcn'"):
        MODELS.build(dict(type='PoseLiftingEstimator'))
    with pytest.raises(ValueError, match="got \\['gcn'\\] with frozen=\\['pose_net'\\]"):
        estimator('gcn', frozen=('pose_net',))
    with pytest.raises(ValueError, match="got 'train'"):
        run(estimator('gcn'), 'train')


def test_several_people_are_as_many_clips_and_those_who_are_not_there_cost_nothing():
    model = estimator('gcn', 'pose_net', 'depth_net')
    batch = clips(people=(3,))
    batch['person_valid'] = torch.tensor([[1.0, 1, 0], [1, 0, 0]])
    batch['frame_valid'] = torch.ones(2, 3, 9)
    data = model.data_preprocessor(batch)
    assert data['inputs'].shape == (6, 9, 17, 3)
    assert data['data_samples']['keypoints_3d_valid'].sum(dim=(1, 2)).tolist() == [153, 153, 0, 153, 0, 0]
    assert set(model(**data, mode='loss')) == {'loss_gcn', 'loss_pose_net', 'loss_depth'}


def test_a_batch_that_is_not_stacked_is_named():
    with pytest.raises(ValueError, match='needs stacked tensors .* got list; .*default_collate'):
        estimator('gcn').data_preprocessor([clips()])
    with pytest.raises(ValueError, match="got \\['keypoints'\\]"):
        estimator('gcn').data_preprocessor(dict(keypoints=torch.zeros(1, 9, 17, 2)))
