"""Integration network and discriminator train against each other, in mixed precision too, and on any batch."""

import subprocess
import sys

import pytest
import torch
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.models.integration.people_pairs import nearest_pairs, pairs_in_scenes

register_all_modules()
ADAM = dict(optimizer=dict(type='Adam', lr=1e-2))


def estimator(**options):
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type='AdversarialIntegrationEstimator',
            network=dict(type='IntegrationNet', hidden_channels=16),
            discriminator=dict(type='InterPersonDiscriminator', pose_channels=8, pair_channels=8),
            **options,
        )
    )


def optimizers(model, **options):
    cfg = dict(constructor='SubmoduleOptimWrapperConstructor', network=ADAM, discriminator=ADAM, **options)
    return build_optim_wrapper(model, cfg)


def clips(scenes=6, count=3, present=1.0):
    generator = torch.Generator().manual_seed(0)
    poses = torch.randn(scenes, count, 1, 17, 3, generator=generator) * 300 + torch.tensor([100.0, 0, 4000])
    return dict(
        keypoints_norm=poses[..., :2] / poses[..., 2:],
        keypoint_scores=torch.ones(poses.shape[:-1]),
        keypoints_cam=poses,
        keypoints_3d_valid=torch.ones(poses.shape[:-1]),
        person_valid=torch.full((scenes, count), present),
    )


def parameters(model):
    return {name: value.detach().clone() for name, value in model.named_parameters()}


@pytest.mark.parametrize('options', [{}, dict(type='Bfloat16OptimWrapper')])
@pytest.mark.parametrize('penalty', [None, dict(type='R1Penalty')])
def test_a_step_moves_both_networks(options, penalty):
    model = estimator(gradient_penalty=penalty)
    before = parameters(model)
    log = model.train_step(clips(), optimizers(model, **options))
    assert {'loss', 'loss_integration', 'loss_naturalness', 'loss_discriminator', 'naturalness_real'} <= set(log)
    assert ('loss_gradient_penalty' in log) == (penalty is not None)
    assert all(value.isfinite() and value.dtype == torch.float32 for value in log.values())
    after = parameters(model)
    assert all(value.isfinite().all() for value in after.values())
    assert not torch.equal(before['network.layers.4.weight'], after['network.layers.4.weight'])
    assert not torch.equal(before['discriminator.pair_layers.0.weight'], after['discriminator.pair_layers.0.weight'])
    assert all(value.requires_grad for value in model.parameters())


@pytest.mark.parametrize('batch', [clips(count=1), clips(present=0.0), clips(scenes=1)])
def test_batches_without_pairs_or_people_are_legal(batch):
    model = estimator(gradient_penalty=dict(type='R1Penalty'))
    log = model.train_step(batch, optimizers(model))
    assert all(value.isfinite() for value in log.values())
    assert all(value.isfinite().all() for value in model.parameters())


def test_the_network_is_pushed_towards_what_the_discriminator_calls_real():
    model = estimator(naturalness_loss=dict(type='NaturalnessLoss', loss_weight=100.0))
    frozen = dict(optimizer=dict(type='SGD', lr=0.0))
    cfg = dict(constructor='SubmoduleOptimWrapperConstructor', network=ADAM, discriminator=frozen)
    wrappers = build_optim_wrapper(model, cfg)
    logs = [model.train_step(clips(), wrappers) for _ in range(30)]
    assert logs[-1]['naturalness_estimated'] > logs[0]['naturalness_estimated']


def test_the_discriminator_learns_whom_the_network_made():
    model = estimator()
    frozen = dict(optimizer=dict(type='SGD', lr=0.0))
    cfg = dict(constructor='SubmoduleOptimWrapperConstructor', network=frozen, discriminator=ADAM)
    wrappers = build_optim_wrapper(model, cfg)
    batch = clips()
    # Everybody alike in truth, so that whatever differs was made.
    batch['keypoints_cam'] = batch['keypoints_cam'][:1, :, :].expand_as(batch['keypoints_cam']).clone()
    logs = [model.train_step(batch, wrappers) for _ in range(60)]
    assert logs[-1]['naturalness_real'] > logs[-1]['naturalness_estimated'] + 0.2


def test_one_optimizer_for_both_is_refused():
    model = estimator()
    with pytest.raises(ValueError, match='SubmoduleOptimWrapperConstructor'):
        model.train_step(clips(), OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1)))


def test_evaluation_is_that_of_the_network_alone():
    model = estimator().eval()
    alone = MODELS.build(
        dict(type='IntegrationEstimator', network=dict(type='IntegrationNet', hidden_channels=16))
    ).eval()
    alone.network.load_state_dict(model.network.state_dict())
    for one, other in zip(model.val_step(clips()), alone.val_step(clips()), strict=True):
        assert torch.equal(one.pred_instances.keypoints_cam, other.pred_instances.keypoints_cam)


def test_people_in_one_list_make_the_same_pairs():
    poses = clips(scenes=5, count=4)['keypoints_cam'][:, :, 0]
    pairs, _ = nearest_pairs(poses, torch.ones(5, 4, dtype=torch.bool))
    scenes = torch.arange(5).repeat_interleave(4)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(0))
    people, roots = poses.flatten(0, 1)[order], poses.flatten(0, 1)[order, 14]
    found = people[pairs_in_scenes(roots, scenes[order])]
    key = lambda both: sorted(tuple(sorted(pair[:, 14, 2].tolist())) for pair in both)  # noqa: E731
    assert key(found) == key(pairs)
    assert len(pairs_in_scenes(roots[:0], scenes[:0])) == 0
    assert len(pairs_in_scenes(roots * torch.nan, scenes)) == 0


def test_the_penalty_is_half_the_squared_slope_at_real_pairs():
    penalty = MODELS.build(dict(type='R1Penalty', loss_weight=2.0))
    slope = torch.randn(17, 3, generator=torch.Generator().manual_seed(0))

    def discriminator(first, second):
        return torch.sigmoid(((torch.nan_to_num(first) - 100) / 1000 * slope).sum(dim=(1, 2)) / 10)

    pairs = clips(count=2)['keypoints_cam'][:, :, 0]
    assert penalty(discriminator, pairs).item() == pytest.approx((slope / 10).square().sum().item(), rel=1e-3)
    assert penalty(discriminator, pairs[:0]) == 0


def test_the_loss_against_the_discriminator_is_that_of_its_probabilities():
    loss = MODELS.build(dict(type='NaturalnessLoss', loss_weight=0.5))
    values = torch.tensor([0.9, 0.2])
    torch.testing.assert_close(loss(values), -values.log().mean() * 0.5)
    assert loss(values[:0]) == 0
    assert loss(torch.tensor([0.0]).bfloat16()).isfinite()


def test_two_processes_end_with_the_same_networks():
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2']
    ended = subprocess.run([*command, '-m', 'tests.test_models.adversarial_ranks'], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-5000:]
    assert ended.stdout.count('is equal') == 2
