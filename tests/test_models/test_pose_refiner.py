"""The refiner starts as nothing, learns depths from 2D poses, and leaves the maps alone."""

import numpy as np
import pytest
import torch

from mmp3d import register_all_modules
from mmp3d.models.lifters.pose_refiner import MeasuredPeople, PoseRefiner, RefinerTargets
from tests.test_models.scenes import SIZE, sample, small_model

register_all_modules()
LOSSES = ('loss_refined_keypoints', 'loss_refined_relative_depth', 'loss_refined_root_depth')
REFINER = dict(type='PoseRefiner', hidden_channels=32, num_layers=2)


CENTRE = torch.tensor([80.0, 48.0])


def people(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return MeasuredPeople(
        keypoints=torch.rand(count, 17, 2, generator=generator) * 60 + 20,
        found=torch.ones(count, 17, dtype=torch.bool),
        relative_depths=torch.randn(count, 17, generator=generator) * 100,
        root_depths=torch.rand(count, generator=generator) * 10 + 10,
    )


@pytest.mark.parametrize('count', [0, 1, 5])
def test_a_new_refiner_hardly_changes_anything(count):
    refiner = PoseRefiner()
    refiner.init_weights()
    measured = people(count)
    places, relative, root = refiner(measured, CENTRE)
    measured.relative_depths[:, 14] = 0
    assert torch.allclose(places, measured.keypoints, atol=2)
    assert torch.allclose(relative, measured.relative_depths, atol=60)
    assert torch.allclose(root, measured.root_depths, rtol=0.05)


def test_what_was_not_found_has_no_influence():
    refiner = PoseRefiner().eval()
    measured = people(3)
    measured.found[:, 4] = False
    first = refiner(measured, CENTRE)
    measured.keypoints[:, 4], measured.relative_depths[:, 4] = 1e4, -1e4
    for before, after in zip(first, refiner(measured, CENTRE), strict=True):
        assert torch.equal(before, after)


def test_a_person_at_another_place_in_the_batch_is_refined_alike():
    refiner = PoseRefiner().eval()
    measured = people(4)
    turned = refiner(MeasuredPeople(*(values.flip(0) for values in measured)), CENTRE)
    for there, here in zip(turned, refiner(measured, CENTRE), strict=True):
        assert torch.allclose(there.flip(0), here, atol=1e-3, rtol=1e-5)


def test_it_learns_what_the_pose_tells():
    torch.manual_seed(0)
    refiner = PoseRefiner(hidden_channels=64, drop_joint_prob=0.0, outlier_prob=0.0)
    refiner.init_weights()
    keypoints, found, _, root = people(64)
    # All people are as tall as one another, so their size in the image tells the distance; x tells the joints' depth;
    # and one joint, which is never found, is always where another one is.
    size = (keypoints - keypoints.mean(dim=1, keepdim=True)).square().sum(dim=(1, 2)).div(17).sqrt()
    keypoints[:, 4] = keypoints[:, 7]
    found = found.clone()
    found[:, 4] = False
    target = (keypoints - keypoints[:, [14]])[..., 0] * 5
    targets = RefinerTargets(keypoints, torch.ones(64, 17), target, torch.ones(64, 17), 400 / size)
    optimizer = torch.optim.Adam(refiner.parameters(), 3e-3)
    first = None
    for _ in range(400):
        losses = refiner.loss(MeasuredPeople(keypoints, found, torch.zeros(64, 17), root), targets, CENTRE)
        first = first or {name: float(value.detach()) for name, value in losses.items()}
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    assert all(float(losses[name].detach()) < 0.5 * first[name] for name in first)


@pytest.mark.parametrize('count', [[2, 0], [0, 0]])
def test_the_head_trains_it_and_gives_its_depths(count):
    model = small_model(refiner=REFINER).train()
    samples = [sample(people_of_image)[0] for people_of_image in count]
    losses = model.loss(torch.rand(2, 3, SIZE[1], SIZE[0]), samples)
    assert set(LOSSES) < set(losses)
    sum(losses[name] for name in LOSSES).backward()
    assert model.head.output.weight.grad is None, 'the maps must not learn from the refiner'
    assert all(weight.grad is not None for weight in model.head.refiner.parameters())


def test_prediction_takes_the_refined_depths():
    model = small_model(refiner=REFINER).eval()
    samples = [sample(1)[0]]
    inputs = torch.rand(1, 3, SIZE[1], SIZE[0])
    with torch.no_grad():
        plain = model.predict(inputs, samples)[0].pred_instances
        # Ten times the unit of a logarithm of 0.1: e times as far away.
        model.head.refiner.output.bias[-1] = 10
        model.head.refiner.output.weight[-1] = 0
        refined = model.predict(inputs, samples)[0].pred_instances
    assert len(plain)
    assert np.median(refined.root_cam[:, 2] / plain.root_cam[:, 2]) == pytest.approx(np.e, rel=0.1)


def test_refiner_only_leaves_all_else_alone():
    with pytest.raises(ValueError, match='refiner'):
        small_model(refiner_only=True)
    frozen = small_model(refiner=REFINER, refiner_only=True).train()
    before = {name: value.clone() for name, value in frozen.state_dict().items()}
    trained = [weight for weight in frozen.parameters() if weight.requires_grad]
    optimizer = torch.optim.SGD(trained, 0.1)
    losses = frozen.loss(torch.rand(1, 3, SIZE[1], SIZE[0]), [sample(2)[0]])
    assert set(losses) == set(LOSSES)
    sum(losses.values()).backward()
    optimizer.step()
    changed = {name for name, value in frozen.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and all(name.startswith('head.refiner.') for name in changed)


def test_people_are_found_with_gradients_switched_on():
    model = small_model(refiner=REFINER).eval()
    assert len(model.predict(torch.rand(1, 3, SIZE[1], SIZE[0]), [sample(1)[0]])[0].pred_instances)
