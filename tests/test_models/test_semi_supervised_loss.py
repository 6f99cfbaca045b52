"""Errors without 3D truth are 0 where nothing is wrong and what was put in elsewhere; both orders of eq. 11."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.logging import MessageHub
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.geometry import MUPOTS17
from mmp3d.models.losses.semi_supervised_loss import (
    label_error,
    multi_perspective_error,
    reprojection_error,
    rotated,
)

register_all_modules()
ROOT = MUPOTS17.root_index


def loss(**options):
    return MODELS.build(dict(type='SemiSupervisedLoss', **options))


def people(clips=3, frames=2):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(clips, frames, 17, 3, generator=generator) * 300 + torch.tensor([100.0, 0, 4000])


def seen(poses):
    return poses[..., :2] / poses[..., 2:], torch.ones(poses.shape[:-1])


@pytest.fixture
def epoch(monkeypatch):
    """Sets the number of the epoch, from 0 on, that a run would be in."""
    hub = MessageHub('semi_supervised')
    monkeypatch.setattr(MessageHub, 'get_current_instance', classmethod(lambda cls: hub))
    return lambda number: hub.update_info('epoch', number)


def test_what_is_seen_where_it_is_has_no_reprojection_error():
    poses = people()
    assert reprojection_error(poses, *seen(poses)).max() < 1e-4


def test_reprojection_error_is_a_share_of_the_size_by_confidence():
    poses = people(1, 1)
    poses[..., 2] = 4000.0
    rays, scores = seen(poses)
    size = (rays - rays.mean(dim=-2, keepdim=True)).square().sum(dim=-1).mean().sqrt()
    poses[0, 0, 3, 0] += 4000 * size
    assert reprojection_error(poses, rays, scores).item() == pytest.approx(1 / 17, rel=1e-3)
    scores[0, 0, 3] = 3.0
    assert reprojection_error(poses, rays, scores).item() == pytest.approx(3 / 19, rel=1e-3)
    scores[0, 0, 3], rays[0, 0, 3] = 0, torch.nan
    assert reprojection_error(poses, rays, scores).item() < 1e-4
    assert reprojection_error(poses, rays, scores * 0).item() == 0


@given(st.lists(st.floats(-math.pi, math.pi), min_size=3, max_size=3))
@settings(max_examples=20, deadline=None)
def test_a_lifter_that_knows_the_truth_is_consistent_from_everywhere(angles):
    poses, angles = people(), torch.tensor(angles)
    middle = poses[:, :, ROOT].mean(dim=1)[:, None, None]
    truth = rotated(poses - middle, angles) + middle
    assert multi_perspective_error(poses, lambda rays, scores: truth, angles).max() < 1e-3


def test_a_lifter_that_always_says_the_same_is_not_consistent():
    poses = people()
    error = multi_perspective_error(poses, lambda rays, scores: poses, torch.full((3,), math.pi))
    # Every joint moved to the other side in x and z.
    relative = poses - poses[:, :, ROOT, None]
    spread = relative.square().sum(-1).mean(-1).sqrt()
    expected = (2 * relative[..., [0, 2]].norm(dim=-1).mean(dim=-1) / spread).mean(dim=1)
    torch.testing.assert_close(error, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize('fixed', [True, False])
def test_a_fixed_source_is_not_drawn_to_what_is_found_of_it(fixed):
    poses, found = people().requires_grad_(), (people() * 1.1).requires_grad_()
    options = dict(lifter=lambda rays, scores: found, labels=poses.detach(), labelled=torch.ones(3, 2, 17))
    term = loss(fixed_source=fixed, reprojection_weight=0, pseudo_weight=0)
    term(poses, *seen(poses.detach()), **options)['loss_multi_perspective'].backward()
    assert found.grad.abs().sum() > 0
    assert (poses.grad is None) == fixed


def test_nobody_is_turned_behind_the_camera():
    poses = people() - torch.tensor([0, 0, 3500.0])
    looked = []

    def lifter(rays, scores):
        looked.append(rays)
        return poses

    assert multi_perspective_error(poses, lifter, torch.full((3,), 1.0)).isfinite().all()
    assert looked[0].isfinite().all()
    assert looked[0].abs().max() < 20


@pytest.mark.parametrize(('order', 'first'), [('easy_first', 0), ('hard_first', 2)])
def test_the_first_epoch_looks_at_one_end_and_later_ones_at_all(epoch, order, first):
    weigh = loss(order=order, unit=1.0).sample_weights
    errors = torch.tensor([0.5, 1.0, 1.5])
    present = torch.ones(3, dtype=torch.bool)
    epoch(0)
    weights = weigh(errors, errors * 2, present)
    sign = -1 if order == 'easy_first' else 1
    torch.testing.assert_close(weights, (sign * errors).softmax(0) + (sign * 2 * errors).softmax(0))
    assert weights.argmax() == first
    epoch(999)
    torch.testing.assert_close(weigh(errors, errors, present), torch.full((3,), 2 / 3), atol=1e-2, rtol=0)


def test_who_is_not_there_has_no_weight(epoch):
    weigh = loss().sample_weights
    errors = torch.tensor([0.0, 0.1, 0.1])
    weights = weigh(errors, errors, torch.tensor([False, True, True]))
    torch.testing.assert_close(weights, torch.tensor([0.0, 1, 1]))
    assert weigh(errors, errors, torch.zeros(3, dtype=torch.bool)).tolist() == [0, 0, 0]


def test_labels_count_about_the_root_and_where_they_are():
    poses = people(1, 1)
    labels, labelled = poses + torch.tensor([500.0, 0, 900]), torch.ones(1, 1, 17)
    assert label_error(poses, labels, labelled).item() < 1e-3
    relative = labels - labels[:, :, ROOT, None]
    assert label_error(poses, labels - 1.5 * relative, labelled).item() > 1
    labels[0, 0, 3], labelled[0, 0, 3] = 1e6, 0
    assert label_error(poses, labels, labelled).item() < 1e-3
    assert label_error(poses, labels, labelled * 0).item() == 0


def test_terms_without_a_weight_are_left_out():
    poses = people()
    rays, scores = seen(poses)
    options = dict(lifter=lambda rays, scores: poses, labels=poses, labelled=scores)
    assert set(loss()(poses, rays, scores, **options)) == {
        'loss_reprojection', 'loss_multi_perspective', 'loss_pseudo'}  # fmt: skip
    only = loss(perspective_weight=0, pseudo_weight=0)(poses, rays, scores, **options)
    assert set(only) == {'loss_reprojection'}
    scores[1:] = 0
    assert all(value.isfinite() for value in loss()(poses, rays, scores * 0, **options).values())


def test_options_out_of_range_are_named():
    for options in (dict(order='random'), dict(unit=0), dict(angle=181), dict(pseudo_weight=-1)):
        with pytest.raises(ValueError, match='easy_first'):
            loss(**options)
