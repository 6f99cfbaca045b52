"""Pairs of people: who belongs together, what is changed, and that order does not matter."""

import numpy as np
import pytest
import torch
from mmpose.registry import METRICS, MODELS

from mmp3d import register_all_modules
from mmp3d.geometry import MUPOTS17
from mmp3d.models.integration.people_pairs import nearest_pairs, unnatural_pairs

register_all_modules()
ROOT = MUPOTS17.root_index
SMALL = dict(type='InterPersonDiscriminator', pose_channels=8, pair_channels=16)


def people(*shape):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*shape, 17, 3, generator=generator) * 300 + torch.tensor([100.0, 0, 4000])


def clips(scenes=4, count=3, frames=2):
    poses = people(scenes, count, frames)
    down = torch.eye(3).repeat(scenes, 1, 1)
    return dict(keypoints_cam=poses, person_valid=torch.ones(scenes, count), R=down)


@pytest.mark.parametrize('count', [0, 1, 7, 100])
def test_exchanging_two_people_changes_no_bit(count):
    network = MODELS.build(SMALL)
    first, second = people(2, count)
    natural = network(first, second)
    assert torch.equal(natural, network(second, first))
    assert natural.shape == (count,)
    assert ((natural > 0) & (natural < 1)).all()


def test_naturalness_is_a_quarter_each_pose_and_half_the_pair():
    network = MODELS.build(SMALL)
    for layers, bias in ((network.pose_layers, 100.0), (network.pair_layers, -100.0)):
        layers[-1].bias.data.fill_(bias)
    torch.testing.assert_close(network(*people(2, 3)), torch.full((3,), 0.5))


def test_what_is_not_known_gives_finite_results_and_gradients():
    network = MODELS.build(SMALL)
    first, second = people(2, 2)
    first[0, 3], second[1] = torch.nan, torch.nan
    assert network(first, second).isfinite().all()
    first.requires_grad_(True)
    network(first, second).sum().backward()
    assert first.grad.isfinite().all()


def test_pairs_are_mutual_nearest_neighbours():
    poses = torch.zeros(2, 4, 17, 3)
    poses[0, :, :, 2] = torch.tensor([1000.0, 5000, 1500, 5600])[:, None]
    poses[1, :, :, 2] = torch.tensor([1000.0, 1100, 3000, 2100])[:, None]
    present = torch.tensor([[True] * 4, [True, False, True, True]])
    pairs, scenes = nearest_pairs(poses, present)
    assert scenes.tolist() == [0, 0, 1]
    assert pairs[:, :, 0, 2].tolist() == [[1000, 1500], [5000, 5600], [3000, 2100]]


@pytest.mark.parametrize(('count', 'present'), [(1, True), (3, False), (0, True)])
def test_who_has_no_neighbour_is_in_no_pair(count, present):
    pairs, scenes = nearest_pairs(people(2, count), torch.full((2, count), present))
    assert pairs.shape == (0, 2, 17, 3)
    assert len(scenes) == 0
    assert not nearest_pairs(people(1, 2) * torch.nan, torch.ones(1, 2, dtype=torch.bool))[1].numel()


def test_one_person_is_displaced_as_a_whole_or_turned_about_the_root():
    pairs = people(200, 2)
    down = torch.nn.functional.normalize(torch.randn(200, 3, generator=torch.Generator().manual_seed(1)), dim=1)
    changed, change = unnatural_pairs(pairs, down, (300.0, 600.0), torch.Generator().manual_seed(0))
    moved = (changed != pairs).flatten(2).any(dim=-1)
    assert (moved.sum(dim=1) == 1).all()
    assert 60 < moved[:, 0].sum() < 140
    before, after = pairs[moved], changed[moved]
    shift = after - before
    displaced = change == 0
    assert 60 < displaced.sum() < 140
    length = shift[displaced].norm(dim=-1)
    assert ((length > 299) & (length < 601)).all()
    assert (shift[displaced] - shift[displaced][:, :1]).abs().max() < 1e-2
    one, other = (poses[~displaced] - poses[~displaced][:, ROOT, None] for poses in (before, after))
    axis = down[~displaced, None]
    torch.testing.assert_close((one * axis).sum(-1), (other * axis).sum(-1), atol=0.05, rtol=0)
    flat = [poses - (poses * axis).sum(-1, keepdim=True) * axis for poses in (one, other)]
    assert (flat[0] * flat[1]).sum(-1).abs().max() < 1e-4 * (flat[0] ** 2).sum(-1).max()
    torch.testing.assert_close(flat[0].norm(dim=-1), flat[1].norm(dim=-1), atol=0.05, rtol=0)


def test_loss_is_the_cross_entropy_with_a_softened_label():
    loss = MODELS.build(dict(type='DiscriminatorLoss', label_smoothing=0.1))
    real, fake = torch.tensor([0.9, 0.5]), torch.tensor([0.2])
    expected = -(0.9 * real.log() + 0.1 * (1 - real).log()).mean() - (1 - fake).log().mean()
    torch.testing.assert_close(loss(real, fake), expected)
    assert loss(real[:0], fake[:0]) == 0
    assert loss(torch.tensor([1.0, 0.0]).bfloat16(), torch.tensor([1.0]).bfloat16()).isfinite()
    with pytest.raises(ValueError, match='label_smoothing'):
        MODELS.build(dict(type='DiscriminatorLoss', label_smoothing=0.5))


def test_estimator_learns_and_predicts_the_same_each_time():
    torch.manual_seed(0)
    model = MODELS.build(dict(type='DiscriminatorEstimator', discriminator=SMALL))
    batch = clips()
    losses = model(**batch, mode='loss')
    losses['loss_discriminator'].backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())
    (one,), (other,) = model.val_step(batch), model.val_step(batch)
    for name in ('naturalness', 'naturalness_changed', 'change'):
        assert torch.equal(one.pred_instances[name], other.pred_instances[name])
    assert torch.equal(model(**batch), one.pred_instances.naturalness)
    assert model(**clips(count=1)).shape == (0,)


def test_estimator_names_what_it_cannot_use():
    model = MODELS.build(dict(type='DiscriminatorEstimator', discriminator=SMALL))
    with pytest.raises(ValueError, match='num_people'):
        model(people(2, 3), torch.ones(2), torch.eye(3)[None])
    with pytest.raises(ValueError, match='mode'):
        model(**clips(), mode='train')
    with pytest.raises(ValueError, match='distance'):
        MODELS.build(dict(type='DiscriminatorEstimator', distance=(600, 300)))


def test_accuracy_by_kind_of_change():
    metric = METRICS.build(dict(type='NaturalnessAccuracy'))
    sample = dict(
        naturalness=np.array([0.9, 0.8, 0.7, 0.4]),
        naturalness_changed=np.array([0.1, 0.6, 0.2, 0.3]),
        change=np.array([0, 0, 1, 1]),
    )
    metric.process(None, [dict(pred_instances=sample)])
    scores = metric.compute_metrics(metric.results)
    expected = {'accuracy': 75, 'displaced': 62.5, 'turned': 87.5, 'real-against-real': 75}
    assert scores == pytest.approx(expected)
    assert all(np.isnan(value) for value in metric.compute_metrics([]).values())
