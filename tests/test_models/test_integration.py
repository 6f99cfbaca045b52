"""Two poses of a person become one; nobody is lost and nothing breaks where a branch has nothing."""

import pytest
import torch
from mmpose.registry import MODELS

from mmp3d import register_all_modules
from mmp3d.geometry import MUPOTS17
from mmp3d.models.integration.pose_pairs import PosePairs

register_all_modules()
ROOT = MUPOTS17.root_index
ALL = [
    dict(type='IntegrationNet', hidden_channels=16),
    dict(type='IntegrationNet', mode='blend', hidden_channels=16),
    dict(type='HardIntegration'),
    dict(type='LinearIntegration'),
    dict(type='IntegrationNet', mode='weigh', hidden_channels=16),
]


def pairs_of(count=3):
    generator = torch.Generator().manual_seed(0)
    truth = torch.randn(count, 17, 3, generator=generator) * 300 + torch.tensor([100.0, 0, 4000])
    noise = torch.randn(count, 17, 3, generator=generator) * 30
    return PosePairs(truth, truth + noise, torch.ones(count, 17), torch.full((count, 17), 0.5))


def missing(pairs, branch):
    poses = {branch: torch.full_like(pairs.top_down, torch.nan), f'{branch}_scores': torch.zeros(len(pairs[0]), 17)}
    return pairs._replace(**poses)


@pytest.mark.parametrize('config', ALL)
@pytest.mark.parametrize('absent', ['top_down', 'bottom_up'])
def test_people_of_one_branch_stay_as_they_are(config, absent):
    pairs = pairs_of()
    expected = pairs.bottom_up if absent == 'top_down' else pairs.top_down
    torch.testing.assert_close(MODELS.build(config)(missing(pairs, absent)), expected, atol=0.01, rtol=0)


@pytest.mark.parametrize('config', ALL)
def test_nobody_and_nothing_known(config):
    network = MODELS.build(config)
    assert network(pairs_of(0)).shape == (0, 17, 3)
    assert network(missing(missing(pairs_of(), 'top_down'), 'bottom_up')).isnan().all()


def test_linear_weighs_by_confidence():
    pairs = pairs_of()
    expected = pairs.top_down * 2 / 3 + pairs.bottom_up / 3
    torch.testing.assert_close(MODELS.build(ALL[3])(pairs), expected, atol=0.01, rtol=0)


def test_hard_has_the_bottom_up_depth_on_the_top_down_ray():
    pairs = pairs_of()
    got = MODELS.build(ALL[2])(pairs)
    torch.testing.assert_close(got[:, ROOT, 2], pairs.bottom_up[:, ROOT, 2], atol=0.01, rtol=0)
    rays = [poses[:, ROOT, :2] / poses[:, ROOT, 2:] for poses in (got, pairs.top_down)]
    torch.testing.assert_close(*rays)
    relative = [poses - poses[:, ROOT, None] for poses in (got, pairs.top_down)]
    torch.testing.assert_close(*relative, atol=0.01, rtol=0)


@pytest.mark.parametrize('mode', ['regress', 'blend', 'weigh'])
def test_gradients_are_finite_with_joints_missing(mode):
    network = MODELS.build(dict(type='IntegrationNet', mode=mode, hidden_channels=16))
    pairs = pairs_of()
    pairs.top_down[0, 3] = torch.nan
    pairs.bottom_up_scores[1] = 0
    network(pairs).square().mean().backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


def test_untrained_weights_are_the_confidences_for_roots_and_poses_about_them():
    pairs = pairs_of()
    pairs.top_down_scores[:, ROOT], pairs.top_down_scores[:, 3], pairs.bottom_up_scores[:, 4] = 0.5, 0.25, 0
    relative = [poses - poses[:, ROOT, None] for poses in pairs[:2]]
    expected = relative[0] * 2 / 3 + relative[1] / 3
    expected[:, 3] = relative[0][:, 3] / 3 + relative[1][:, 3] * 2 / 3
    expected[:, 4] = relative[0][:, 4]
    expected += ((pairs.top_down + pairs.bottom_up) / 2)[:, ROOT, None]
    torch.testing.assert_close(MODELS.build(ALL[4])(pairs), expected, atol=0.01, rtol=0)


@pytest.mark.parametrize('mode', ['blend', 'weigh'])
def test_without_a_root_in_common_the_mean_by_confidence_counts(mode):
    pairs = pairs_of()
    pairs.top_down_scores[1, ROOT], pairs.top_down[1, ROOT] = 0, torch.nan
    network = MODELS.build(dict(type='IntegrationNet', mode=mode, hidden_channels=16))
    torch.testing.assert_close(network(pairs)[1], MODELS.build(ALL[3])(pairs)[1], atol=0.01, rtol=0)


def test_each_joint_has_a_weight_of_its_own():
    pairs, network = pairs_of(), MODELS.build(ALL[4])
    with torch.no_grad():
        network.layers[-1].bias[[3, -1]] = torch.tensor([50.0, -50.0])
    poses = network(pairs)
    torch.testing.assert_close(poses[:, ROOT], pairs.bottom_up[:, ROOT], atol=0.01, rtol=0)
    relative = pairs.top_down[:, 3] - pairs.top_down[:, ROOT]
    torch.testing.assert_close(poses[:, 3] - poses[:, ROOT], relative, atol=0.01, rtol=0)


def test_another_mode_is_refused():
    with pytest.raises(ValueError, match='regress'):
        MODELS.build(dict(type='IntegrationNet', mode='mean'))


@pytest.mark.parametrize('mode', ['blend', 'weigh'])
@pytest.mark.parametrize('absent', [None, 'top_down', 'bottom_up'])
def test_a_joint_that_both_branches_lack_is_nowhere(mode, absent):
    pairs = pairs_of()
    for scores in pairs[2:]:
        scores[:, 3] = 0
    if absent:
        pairs = missing(pairs, absent)
    poses = MODELS.build(dict(type='IntegrationNet', mode=mode, hidden_channels=16))(pairs)
    assert poses[:, 3].isnan().all()
    assert poses[:, [joint for joint in range(17) if joint != 3]].isfinite().all()
