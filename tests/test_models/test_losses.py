"""Batched losses give the numbers of their definitions and of mmpose."""

import pytest
import torch
from mmpose.models.losses import AssociativeEmbeddingLoss

from mmp3d.codecs.cells import read_cells
from mmp3d.models.losses import BatchedAssociativeEmbeddingLoss, DepthLoss


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
