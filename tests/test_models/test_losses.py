"""Batched losses give the numbers of their definitions and of mmpose."""

import pytest
import torch
from mmpose.models.losses import AssociativeEmbeddingLoss

from mmp3d.codecs.cells import read_cells
from mmp3d.geometry import MUPOTS17
from mmp3d.models.losses import BatchedAssociativeEmbeddingLoss, BoneLengthLoss, DepthLoss, VelocityLoss


@pytest.mark.parametrize('people', [[0, 0], [1, 0], [1, 1], [4, 2], [3, 0]])
def test_tag_loss_is_that_of_mmpose(people):
    torch.manual_seed(0)
    tags = torch.randn(2, 5, 6, 7, requires_grad=True)
    most = max(people)
    cells, weights = torch.randint(0, 42, (2, most, 5)), (torch.rand(2, most, 5) > 0.3).float()
    for image, count in enumerate(people):
        weights[image, count:] = 0
        weights[image, :count, 0] = 1
    indices = [torch.stack([cells[i], weights[i].long()], -1)[:count] for i, count in enumerate(people)]
    expected = AssociativeEmbeddingLoss(loss_weight=0.3)(tags, indices)
    found = BatchedAssociativeEmbeddingLoss(loss_weight=0.3)(read_cells(tags, cells[..., None]), weights)
    for mine, theirs in zip(found, expected, strict=True):
        assert float(mine.detach()) * 2 == pytest.approx(float(theirs), rel=1e-5, abs=1e-7)
    gradient = torch.autograd.grad(sum(found), tags)[0]
    assert torch.isfinite(gradient).all()


def test_depth_loss_counts_known_depths_only():
    prediction = torch.tensor([1.0, 2.0, float('inf')], requires_grad=True)
    target, weights = torch.tensor([0.0, 5.0, 0.0]), torch.tensor([1.0, 1.0, 0.0])
    finite = torch.where(weights > 0, prediction, 0)
    assert float(DepthLoss()(finite, target, weights).detach()) == pytest.approx((1 + 9) / 2)
    assert float(DepthLoss(2.0, 'l1')(finite, target, weights).detach()) == pytest.approx(2 * (1 + 3) / 2)


def test_no_depth_gives_zero_loss_and_zero_gradient():
    prediction = torch.randn(3, requires_grad=True)
    loss = DepthLoss()(prediction, torch.zeros(3), torch.zeros(3))
    assert loss == 0
    loss.backward()
    assert (prediction.grad == 0).all()


def test_unknown_norm_is_refused():
    with pytest.raises(ValueError, match="got 'l3'"):
        DepthLoss(norm='l3')


def test_bone_lengths_are_compared_pose_by_pose():
    target = torch.randn(2, 5, 17, 3)
    valid = torch.ones(2, 5, 17)
    turned = target.flip(-1) + 7
    assert BoneLengthLoss()(turned, target, valid) == pytest.approx(0, abs=1e-5)
    # One body a tenth larger and one a tenth smaller: their mean is right, each of them is wrong.
    scaled = target * torch.tensor([1.1, 0.9])[:, None, None, None]
    child, parent = map(list, zip(*MUPOTS17.bones, strict=True))
    lengths = (target[..., child, :] - target[..., parent, :]).norm(dim=-1)
    assert BoneLengthLoss(2.0)(scaled, target, valid) == pytest.approx(0.2 * float(lengths.mean()), rel=1e-4)
    valid[..., MUPOTS17.joint_names.index('left_knee')] = 0
    scaled[..., MUPOTS17.joint_names.index('left_knee'), :] = 1e6
    assert BoneLengthLoss()(scaled, target, valid) < 1
    with pytest.raises(ValueError, match="got 'coco'"):
        BoneLengthLoss(joint_set='coco')


def test_velocity_loss_is_the_mean_error_of_steps():
    target = torch.randn(2, 4, 17, 3)
    valid = torch.ones(2, 4, 17)
    assert VelocityLoss()(target + 3, target, valid) == pytest.approx(0, abs=1e-5)
    moving = target + torch.arange(4)[:, None, None] * torch.tensor([3.0, 4.0, 0.0])
    assert VelocityLoss(0.5)(moving, target, valid) == pytest.approx(2.5)
    assert VelocityLoss()(moving[:, :1], target[:, :1], valid[:, :1]) == 0
    assert VelocityLoss()(moving, target, torch.zeros_like(valid)) == 0
