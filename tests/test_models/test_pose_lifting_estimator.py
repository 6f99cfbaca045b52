import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmp3d.geometry import MUPOTS17

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


def sequences(count=2, frames=9, valid=1.0):
    inputs, samples = [], []
    for _ in range(count):
        points = torch.randn(frames, 17, 3) * 300 + torch.tensor([0, 0, 4000.0])
        rays = points[..., :2] / points[..., 2:]
        inputs.append(torch.cat([rays, torch.rand(frames, 17, 1)], dim=-1))
        sample = PoseDataSample()
        sample.gt_instances = InstanceData(
            keypoints_cam=points.numpy(), keypoints_3d_valid=torch.full((frames, 17), valid).numpy()
        )
        samples.append(sample)
    return inputs, samples


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
    losses = model(*sequences(), mode='loss')
    assert set(losses) == expected
    sum(losses.values()).backward()
    for name, parameter in model.named_parameters():
        trains = name.split('.')[0] not in options.get('frozen', ())
        assert (parameter.grad is not None) == trains, name


def test_velocity_is_compared_between_the_frames_that_a_long_window_answers_for():
    model = estimator('gcn', 'pose_net', velocity_loss=dict(type='VelocityLoss'))
    inputs, samples = sequences(frames=12)
    assert model(inputs, samples, mode='loss')['loss_pose_net_velocity'] > 0
    inputs, samples = sequences(frames=9)
    assert model(inputs, samples, mode='loss')['loss_pose_net_velocity'] == 0


def test_a_frozen_stage_keeps_its_statistics():
    model = estimator('gcn', 'pose_net', 'depth_net', frozen=('depth_net',)).train()
    before = {name: value.clone() for name, value in model.depth_net.state_dict().items()}
    model(*sequences(), mode='loss')
    for name, value in model.depth_net.state_dict().items():
        torch.testing.assert_close(value, before[name])
    assert model.pose_net.training and not model.depth_net.training


def test_targets_that_are_not_valid_cost_nothing():
    model = estimator('gcn', 'pose_net', 'depth_net', bone_loss=dict(type='BoneLengthLoss'))
    losses = model(*sequences(valid=0.0), mode='loss')
    assert all(loss == 0 for loss in losses.values())
    sum(losses.values()).backward()


@pytest.mark.parametrize('stages', [('gcn',), ('gcn', 'pose_net'), ('gcn', 'depth_net'), ('depth_net',), tuple(STAGES)])
def test_predictions_follow_the_data_contract(stages):
    model = estimator(*stages).eval()
    (first, second), (one, two) = sequences(frames=12)
    one.input_instances = InstanceData(keypoints=torch.zeros(12, 17, 2), keypoint_scores=torch.zeros(12, 17))
    for sample, frames in zip(model([first, second[:1]], [one, two], mode='predict'), (12, 1), strict=True):
        people = sample.pred_instances
        assert people.keypoints_cam.shape == (frames, 17, 3)
        assert not people.keypoints_3d[:, ROOT].any()
        np.testing.assert_allclose(people.keypoints_3d + people.root_cam[:, None], people.keypoints_cam, atol=1e-2)
    assert one.pred_instances.keypoints.shape == (12, 17, 2)


@torch.no_grad()
def test_the_root_lies_on_its_ray():
    model = estimator(*STAGES).eval()
    (sequence,), _ = sequences(1)
    poses = model.lift_track(sequence[..., :2], sequence[..., 2])
    torch.testing.assert_close(poses[:, ROOT, :2] / poses[:, ROOT, 2:], sequence[:, ROOT, :2], rtol=1e-4, atol=1e-5)


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
        estimator('gcn')(*sequences(), mode='train')
