"""What each option changes of which network."""

import pytest
import torch
from torch import nn

from mmp3d.apis import load_two_branch
from mmp3d.engine import network_options as module
from mmp3d.engine.network_options import NetworkOptions, image_network, require_compiler


@pytest.fixture
def network():
    return load_two_branch().bottom_up


def maps_of(network):
    with torch.inference_mode():
        return network(torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)), None, mode='tensor')


def test_half_changes_little_and_folding_nothing_but_the_layers(network):
    expected = maps_of(network)
    NetworkOptions(fuse_conv_bn=True).apply(network)
    torch.testing.assert_close(maps_of(network).heatmaps, expected.heatmaps, atol=1e-4, rtol=0)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in network.modules())
    NetworkOptions(half=True).apply(network)
    apart = (maps_of(network).heatmaps - expected.heatmaps).abs().max()
    assert 0 < apart < 0.05


def test_the_backbone_alone_is_compiled_and_weights_keep_their_names(network, monkeypatch):
    compiled = []

    def compile(function):
        compiled.append(function)
        return function

    monkeypatch.setattr(torch, 'compile', compile)
    names, forward = list(network.state_dict()), network.backbone.forward
    NetworkOptions(compile=True).apply(network)
    assert compiled == [torch.neg, forward] and list(network.state_dict()) == names
    maps_of(network)


def test_the_image_network_of_a_system_is_its_bottom_up_network():
    system = load_two_branch()
    assert image_network(system) is system.bottom_up
    for other in (system.lifter, load_two_branch(options={'model.bottom_up': None})):
        with pytest.raises(ValueError, match='for networks that see images; this model has none'):
            NetworkOptions(half=True).apply(other)


def test_without_a_compiler_it_is_said_what_is_needed(network, monkeypatch):
    def fail(function):
        raise RuntimeError('No working compiler found')

    monkeypatch.setattr(module.torch, 'compile', fail)
    with pytest.raises(ValueError, match='(No working compiler found).*leave --compile out'):
        require_compiler(torch.device('cpu'))
