"""The hook changes the model of a run before its test."""

from types import SimpleNamespace

import torch
from mmpose.registry import HOOKS
from torch import nn

from mmp3d import register_all_modules

register_all_modules()


def test_the_runners_model_has_no_batch_norm_and_the_same_results():
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU()).eval().requires_grad_(False)
    model[1].running_mean.fill_(0.5)
    inputs = torch.rand(1, 3, 8, 8)
    expected = model(inputs)
    HOOKS.build(dict(type='InferenceFormHook')).before_test(SimpleNamespace(model=model))
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in model)
    torch.testing.assert_close(model(inputs), expected)
