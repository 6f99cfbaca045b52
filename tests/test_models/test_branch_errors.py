"""Simulated branches have the errors that were asked for, and the estimator learns from them."""

import pytest
import torch
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.geometry import MUPOTS17
from mmp3d.models.integration.branch_errors import BranchErrors
from mmp3d.models.integration.pose_pairs import PosePairs
from mmp3d.models.losses import IntegrationLoss

register_all_modules()
ROOT = MUPOTS17.root_index
EXACT = dict(
    top_down_joint=0, bottom_up_joint=0, top_down_depth=(0, 0), bottom_up_depth=(0, 0), depth_pull=(0, 0),
    size_by_depth=(0, 0), mask=(0, 0), shift_share=0, unpaired=0)  # fmt: skip


def people(*shape):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*shape, 17, 3, generator=generator) * 300 + torch.tensor([100.0, 0, 4000])


def simulated(poses, hidden=0.0, **options):
    hidden = torch.full(poses.shape[:2], hidden)
    return BranchErrors(**{**EXACT, **options}).simulate(poses, hidden, torch.Generator().manual_seed(0))


def test_without_errors_both_branches_say_the_truth():
    poses = people(5)
    pairs = simulated(poses)
    torch.testing.assert_close(pairs.top_down, poses)
    torch.testing.assert_close(pairs.bottom_up, poses)
    assert all(((scores >= 0.7) & (scores <= 1)).all() for scores in pairs[2:])
    assert all((scores <= 0.8).all() for scores in simulated(poses, hidden=1.0)[2:])


def test_the_top_down_depth_is_worse_of_people_who_are_hidden_and_the_pose_stays():
    poses = people(4000)
    for hidden, expected in ((0.0, 0.02), (1.0, 0.2)):
        pairs = simulated(poses, hidden, top_down_depth=(0.02, 0.2), bottom_up_depth=(0.05, 0.05))
        for found, spread in ((pairs.top_down, expected), (pairs.bottom_up, 0.05)):
            logarithm = (found[:, ROOT] / poses[:, ROOT]).log()
            assert logarithm[:, 2].std().item() == pytest.approx(spread, rel=0.1)
            relative = found - found[:, ROOT, None] - poses + poses[:, ROOT, None]
            assert relative.abs().max() < 0.05


def test_joints_are_off_by_what_was_asked_for():
    poses = people(2000)
    pairs = simulated(poses, hidden=1.0, top_down_joint=10, bottom_up_joint=30, hidden_factor=(2, 3), along=(1, 2))
    for found, across, along in ((pairs.top_down, 20.0, 20.0), (pairs.bottom_up, 90.0, 180.0)):
        error = (found - poses).flatten(0, 1).std(dim=0)
        torch.testing.assert_close(error, torch.tensor([across, across, along]), rtol=0.05, atol=0)
    away = (simulated(poses, shift_share=0.2, shift=(50, 300)).top_down - poses).norm(dim=-1)
    assert (away > 1).float().mean().item() == pytest.approx(0.2, abs=0.01)
    assert away[away > 1].min() > 49
    assert away.max() < 301


def test_depth_errors_of_the_branches_go_together_as_asked_for():
    poses = people(4000)
    pairs = simulated(poses, top_down_depth=(0.05, 0.05), bottom_up_depth=(0.1, 0.1), depth_common=0.6)
    errors = torch.stack([(found[:, ROOT, 2] / poses[:, ROOT, 2]).log() for found in pairs[:2]])
    assert torch.corrcoef(errors)[0, 1].item() == pytest.approx(0.6, abs=0.05)


def test_depths_are_pulled_to_the_middle_and_poses_grow_with_them():
    poses = people(2)
    poses[1] += torch.tensor([0.0, 0, 4000])
    pairs = simulated(poses, depth_pull=(0.5, 0.0), depth_middle=(1000.0, 1.0), size_by_depth=(1.0, 1.0))
    torch.testing.assert_close(pairs.top_down[:, ROOT, 2], (poses[:, ROOT, 2] * 1000).sqrt(), rtol=1e-4, atol=0)
    # In proportion: each pose is seen where it was.
    rays = [found[..., :2] / found[..., 2:] for found in (pairs.top_down, poses)]
    torch.testing.assert_close(*rays, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(pairs.bottom_up, poses)


def test_joints_are_masked_and_people_unpaired_in_one_branch_only():
    poses = people(4000)
    scores = torch.stack(simulated(poses, mask=(0.0, 0.4))[2:])
    assert (scores == 0).float().mean().item() == pytest.approx(0.2, abs=0.01)
    lacking = (torch.stack(simulated(poses, unpaired=0.3)[2:]) == 0).all(dim=-1)
    assert lacking.any(dim=0).float().mean().item() == pytest.approx(0.3, abs=0.03)
    assert not lacking.all(dim=0).any()
    assert lacking.sum(dim=1).min() > 500


def test_errors_name_the_field():
    for options, name in ((dict(mask=(0.5, 0.1)), 'mask'), (dict(unpaired=2), 'unpaired'), (dict(shift=5), 'shift'),
                          (dict(along=2), 'along'), (dict(hidden_factor=(1, -1)), 'hidden_factor')):  # fmt: skip
        with pytest.raises(ValueError, match=name):
            BranchErrors(**options)
    with pytest.raises(ValueError, match='unknown'):
        MODELS.build(dict(type='IntegrationEstimator', network=dict(type='HardIntegration'), errors=dict(masks=1)))


def test_loss_is_the_mean_squared_distance_of_known_joints():
    target = people(2)
    poses = target + torch.tensor([300.0, 400, 0])
    valid = torch.ones(2, 17)
    assert IntegrationLoss()(poses, target, valid).item() == pytest.approx(0.25, rel=1e-4)
    valid[0, 3], poses[0, 3], poses[1, 2] = 0, 1e6, torch.nan
    poses.requires_grad_(True)
    loss = IntegrationLoss()(poses, target, valid)
    assert loss.item() == pytest.approx(0.25, rel=1e-4)
    loss.backward()
    assert poses.grad.isfinite().all()
    assert IntegrationLoss()(poses[:0], target[:0], valid[:0]) == 0


def test_loss_about_the_root_does_not_see_where_somebody_is():
    target = people(2)
    poses = target + torch.tensor([300.0, 400, 0])
    poses[:, 3, 2] += 170
    valid = torch.ones(2, 17)
    about = IntegrationLoss(squared=False, absolute_weight=0, relative_weight=2.0)
    assert about(poses, target, valid).item() == pytest.approx(2 * 0.17 / 17, abs=1e-3)
    valid[0, ROOT] = 0
    assert about(poses, target, valid).item() == pytest.approx(2 * 0.17 / 17, abs=1e-3)
    poses.requires_grad_(True)
    IntegrationLoss(squared=False)(poses, target, valid).backward()
    assert poses.grad.isfinite().all()
    assert IntegrationLoss(squared=False)(target, target, valid).item() == pytest.approx(0, abs=1e-3)


def test_augmentations_of_measured_branches_are_the_three_of_the_paper():
    poses = people(4000)
    marks = torch.ones(poses.shape[:2])
    marks[:1000, :] = 0
    pairs = PosePairs(poses, poses + 50, marks, torch.full(poses.shape[:2], 0.5))
    options = dict(mask=(0.1, 0.1), shift_share=0.2, shift=(50, 300), unpaired=0.4)
    found = BranchErrors(**options).augment(pairs, torch.Generator().manual_seed(0))
    # Who is in one branch alone stays there.
    assert (found.bottom_up_scores[:1000] > 0).any(dim=1).all()
    lacking = torch.stack([(scores[1000:] == 0).all(dim=1) for scores in found[2:]])
    assert lacking.float().mean(dim=1).tolist() == pytest.approx([0.2, 0.2], abs=0.03)
    kept = found.bottom_up_scores[1000:][~lacking[1]]
    assert (kept == 0).float().mean().item() == pytest.approx(0.1, abs=0.01)
    away = (found.bottom_up - poses - 50).norm(dim=-1)
    assert (away > 1).float().mean().item() == pytest.approx(0.2, abs=0.01)
    same = BranchErrors(mask=(0, 0), shift_share=0, unpaired=0).augment(pairs)
    assert all(torch.equal(*both) for both in zip(same, pairs.cleaned(), strict=True))


def test_measured_branches_are_taken_as_they_are_and_augmented_in_training():
    batch = clips()
    poses = batch['keypoints_cam']
    marks = torch.full(poses.shape[:-1], 0.5)
    batch |= dict(top_down=poses + 100, bottom_up=poses - 50, top_down_scores=marks, bottom_up_scores=marks)
    model = MODELS.build(
        dict(type='IntegrationEstimator', network=dict(type='LinearIntegration'), errors=dict(unpaired=1.0))
    )
    samples = model.data_preprocessor(batch)['data_samples']
    there = model.known_people(samples)
    torch.testing.assert_close(there.pairs.top_down, there.truth + 100)
    torch.testing.assert_close(model.network(there.pairs), there.truth + 25)
    augmented = model.known_people(samples, augment=True).pairs
    assert ((augmented.top_down_scores == 0).all(dim=1) ^ (augmented.bottom_up_scores == 0).all(dim=1)).all()
    predicted = model(**model.data_preprocessor(batch), mode='tensor')
    torch.testing.assert_close(predicted, there.truth + 25)


def clips(valid=1.0):
    poses = people(6, 2, 1)
    shape = poses.shape[:-1]
    return dict(
        keypoints_norm=poses[..., :2] / poses[..., 2:],
        keypoint_scores=torch.ones(shape),
        keypoints_occluded=torch.zeros(shape),
        keypoints_cam=poses,
        keypoints_3d_valid=torch.full(shape, valid),
        person_valid=torch.tensor([[1.0, 0.0]]).repeat(6, 1),
    )


@pytest.mark.parametrize('mode', ['regress', 'blend', 'weigh'])
def test_estimator_learns_and_predicts_people_who_are_there(mode):
    torch.manual_seed(0)
    network = dict(type='IntegrationNet', mode=mode, hidden_channels=16)
    model = MODELS.build(dict(type='IntegrationEstimator', network=network))
    losses = model(**model.data_preprocessor(clips(), True), mode='loss')
    losses['loss_integration'].backward()
    assert model.network.layers[-1].weight.grad.abs().max() > 0
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())
    one, other = model.val_step(clips()), model.val_step(clips())
    assert len(one) == 6
    for first, second in zip(one, other, strict=True):
        torch.testing.assert_close(
            first.pred_instances.keypoints_cam, second.pred_instances.keypoints_cam, equal_nan=True
        )
    assert model.val_step(clips(valid=0.0)) == []
    assert model(**model.data_preprocessor(clips(valid=0.0), True), mode='loss')['loss_integration'] == 0
    with pytest.raises(ValueError, match='mode'):
        model(**model.data_preprocessor(clips()), mode='train')
