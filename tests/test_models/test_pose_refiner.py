"""The refiner starts as nothing, sees each person and all together, and serves the bottom-up head."""

import numpy as np
import pytest
import torch

from mmp3d import register_all_modules
from mmp3d.geometry import MUPOTS17
from mmp3d.models.lifters.measured_people import MeasuredPeople
from mmp3d.models.lifters.pose_refiner import PoseRefiner
from tests.test_models.scenes import SIZE, sample, small_model

register_all_modules()
REFINER = dict(type='PoseRefiner', channels=32, num_layers=2, num_heads=2)
INPUT = torch.tensor([160.0, 96.0])


def people(images=2, count=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return MeasuredPeople(
        keypoints=torch.rand(images, count, 17, 2, generator=generator) * 60 + 20,
        scores=torch.rand(images, count, 17, generator=generator) * 0.9 + 0.1,
        relative_depths=torch.randn(images, count, 17, generator=generator) * 100,
        root_depths=torch.rand(images, count, generator=generator) * 10 + 10,
        present=torch.ones(images, count, dtype=torch.bool),
    )


def trained(num_heads=2):
    """A refiner that says something, as if it had been trained."""
    torch.manual_seed(0)
    refiner = PoseRefiner(channels=32, num_layers=2, num_heads=num_heads).eval()
    torch.nn.init.normal_(refiner.output.weight, std=0.3)
    return refiner


@pytest.mark.parametrize(('images', 'count'), [(2, 0), (1, 1), (2, 5)])
def test_a_new_refiner_changes_nothing(images, count):
    measured = people(images, count)
    measured.relative_depths[..., 14] = 0
    refined = PoseRefiner()(measured, INPUT)
    assert torch.allclose(refined.keypoints, measured.keypoints, atol=1e-3)
    assert torch.allclose(refined.relative_depths, measured.relative_depths, atol=1e-3)
    assert torch.allclose(refined.root_depths, measured.root_depths)
    assert torch.allclose(refined.real_logits.sigmoid(), measured.scores.mean(dim=-1), atol=1e-4)


def test_what_was_not_found_has_no_influence():
    refiner, measured = trained(), people()
    measured.scores[:, :, 4] = 0
    first = refiner(measured, INPUT)
    measured.keypoints[:, :, 4], measured.relative_depths[:, :, 4] = 1e4, -1e4
    for before, after in zip(first, refiner(measured, INPUT), strict=True):
        assert torch.allclose(before, after)


def test_people_in_another_order_are_refined_alike():
    refiner, measured = trained(), people()
    turned = refiner(MeasuredPeople(*(values.flip(1) for values in measured)), INPUT)
    for there, here in zip(turned, refiner(measured, INPUT), strict=True):
        assert torch.allclose(there.flip(1), here, atol=1e-3, rtol=1e-4)


def test_padding_has_no_influence_and_images_do_not_mix():
    refiner, measured = trained(), people()
    measured.present[0, 2] = False
    first = refiner(measured, INPUT)
    measured.keypoints[0, 2] = measured.keypoints[0, 2].flip(0)
    measured.root_depths[0, 2] = 1000
    for before, after in zip(first, refiner(measured, INPUT), strict=True):
        assert torch.allclose(before[0, :2], after[0, :2])
        assert torch.equal(before[1], after[1])


@pytest.mark.parametrize('num_heads', [0, 2])
def test_other_people_count_only_with_attention(num_heads):
    refiner, measured = trained(num_heads), people()
    first = refiner(measured, INPUT).root_depths
    measured.root_depths[0, 2] = 1000
    changed = (refiner(measured, INPUT).root_depths[0, :2] - first[0, :2]).abs() > 1e-4
    assert changed.all() == (num_heads > 0)


def test_an_image_with_nobody_in_it_gives_numbers():
    measured = people()
    measured.present[0] = False
    assert all(values.isfinite().all() for values in trained()(measured, INPUT))


def test_mirroring_twice_and_scaling_back_change_nothing():
    measured = people()
    indices = MUPOTS17.flip_indices.tolist()
    factors, middle = torch.tensor([1.3, 0.8]), INPUT / 2
    back = measured.mirrored(160, indices).mirrored(160, indices).scaled(factors, middle).scaled(1 / factors, middle)
    for before, after in zip(measured, back, strict=True):
        assert torch.allclose(before, after, atol=1e-4)


@pytest.mark.parametrize('count', [[2, 0], [0, 0]])
def test_the_maps_are_trained_without_it(count):
    model = small_model(refiner=REFINER).train()
    samples = [sample(people_of_image)[0] for people_of_image in count]
    sum(model.loss(torch.rand(2, 3, SIZE[1], SIZE[0]), samples).values()).backward()
    assert not any(weight.requires_grad for weight in model.head.refiner.parameters())


@pytest.mark.parametrize('count', [[1], [0], [2, 0]])
def test_prediction_takes_the_refined_depths_and_scores(count):
    model = small_model(refiner=REFINER).eval()
    samples = [sample(people_of_image)[0] for people_of_image in count]
    inputs = torch.rand(len(count), 3, SIZE[1], SIZE[0])
    plain = [each.pred_instances for each in model.predict(inputs, samples)]
    with torch.no_grad():
        # Ten times the unit of a logarithm of 0.1: e times as far away. Nobody is real.
        model.head.refiner.output.bias[-3] = 10
        model.head.refiner.output.bias[-1] = -50
    for before, after in zip(plain, model.predict(inputs, samples), strict=True):
        after = after.pred_instances
        assert len(before) == len(after)
        # By all joints: several people may have one of them at the same place.
        order = [np.lexsort(people.keypoints.reshape(len(people), -1).T) for people in (before, after)]
        assert np.allclose(after.root_cam[order[1], 2], before.root_cam[order[0], 2] * np.e, rtol=1e-3)
        assert (after.bbox_scores < 1e-3).all()


def test_people_who_are_near_rank_before_people_far_away():
    model = small_model(refiner=REFINER).eval()
    near, far = model._root_confidence(np.array([[0, 0, 2000.0], [0, 0, 6000.0]]), np.array([0.05, 0.05]))
    assert near == pytest.approx(1 - np.exp(-2.5)) and far < near
