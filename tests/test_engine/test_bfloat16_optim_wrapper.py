"""Mixed precision without a GPU: convolutions in bfloat16, weights and what a model keeps exact in float32."""

import torch
from mmengine.registry import OPTIM_WRAPPERS
from torch import nn

from mmp3d import register_all_modules
from mmp3d.engine import Bfloat16OptimWrapper
from mmp3d.engine.bfloat16_optim_wrapper import has_bfloat16_instructions
from tests.test_models.scenes import SIZE, sample, small_model

register_all_modules()


def test_the_forward_pass_is_in_bfloat16_and_the_weights_are_not():
    layer = nn.Linear(4, 2)
    wrapper = Bfloat16OptimWrapper(torch.optim.SGD(layer.parameters(), 0.1))
    with wrapper.optim_context(layer):
        result = layer(torch.ones(3, 4))
    assert result.dtype == torch.bfloat16
    wrapper.update_params(result.float().square().mean())
    assert layer.weight.dtype == torch.float32
    assert layer(torch.ones(3, 4)).dtype == torch.float32


def test_maps_and_losses_of_the_bottom_up_network_stay_exact():
    model = small_model().train()
    wrapper = Bfloat16OptimWrapper(torch.optim.SGD(model.parameters(), 1e-3))
    inputs, samples = torch.rand(1, 3, SIZE[1], SIZE[0]), [sample(2)[0]]
    with wrapper.optim_context(model):
        maps = model._forward(inputs, samples)
        losses = model.loss(inputs, samples)
    assert all(values.dtype == torch.float32 for values in maps)
    exact = model.loss(inputs, samples)
    for name, value in losses.items():
        assert value.dtype == torch.float32
        assert torch.allclose(value, exact[name], rtol=0.1, atol=1e-2)


def test_it_is_registered_and_an_older_torch_is_a_no(monkeypatch):
    assert OPTIM_WRAPPERS.get('mmpose.Bfloat16OptimWrapper') is Bfloat16OptimWrapper
    for name in ('_is_avx512_bf16_supported', '_is_amx_tile_supported'):
        monkeypatch.delattr(torch.cpu, name, raising=False)
    assert not has_bfloat16_instructions()
