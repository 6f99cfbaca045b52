"""Networks in their fastest form beside themselves."""

import copy

import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS
from torch import nn

from mmp3d import register_all_modules
from mmp3d.models.inference_form import in_inference_form
from mmp3d.models.released import ReleasedBottomUpNet
from tests.test_models.test_released_nets import small_backbone

register_all_modules()


def with_random_norms(net):
    """Statistics and weights that a fold has to take into account."""
    generator = torch.Generator().manual_seed(0)
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values, low, high in (
                (layer.running_mean, -0.3, 0.3),
                (layer.running_var, 0.5, 1.5),
                (layer.weight, 0.5, 1.5),
                (layer.bias, -0.3, 0.3),
            ):
                values.data.uniform_(low, high, generator=generator)
    net.eval()
    return net.requires_grad_(False)


def assert_same_results(net, channels, size=(64, 96)):
    inputs = torch.rand(2, channels, *size, generator=torch.Generator().manual_seed(1))
    expected, results = net(inputs), in_inference_form(copy.deepcopy(net))(inputs)
    expected, results = (maps if isinstance(maps, tuple) else (maps,) for maps in (expected, results))
    for result, maps in zip(results, expected, strict=True):
        torch.testing.assert_close(result, maps, rtol=1e-4, atol=1e-4 * maps.std().item())


@pytest.mark.parametrize('config', ['bu_hrnet_w32_muco', 'bu_tiny_muco', 'td_hrnet_w32_coco', 'td_tiny_coco'])
def test_backbones_give_the_same_features(config):
    cfg = Config.fromfile(f'configs/{config}.py').model.backbone
    cfg.pop('init_cfg', None)
    assert_same_results(with_random_norms(MODELS.build(cfg)), cfg.get('in_channels', 3))


def test_released_net_gives_the_same_maps_without_batch_norm():
    net = with_random_norms(ReleasedBottomUpNet(small_backbone(), channels=8))
    assert_same_results(net, 20)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in in_inference_form(net).modules())


def test_strided_and_grouped_convolutions_stay():
    layers = [nn.Conv2d(8, 8, 1, stride=2), nn.Conv2d(8, 8, 1, groups=4), nn.Conv2d(8, 4, 1, padding=1)]
    assert_same_results(nn.Sequential(*layers, nn.PReLU(4), nn.BatchNorm2d(4)).eval().requires_grad_(False), 8)
