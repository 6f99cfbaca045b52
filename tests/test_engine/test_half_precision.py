"""Which number format half precision is on which device."""

from __future__ import annotations

import pytest
import torch

from mmp3d.engine import half_precision as module
from mmp3d.engine.half_precision import run_in_half


def test_a_processor_computes_in_bfloat16_and_is_warned_of_where_it_is_slow(monkeypatch):
    said, layer = [], torch.nn.Linear(4, 4)
    monkeypatch.setattr(module, 'warn_once', said.append)
    monkeypatch.setattr(module, 'has_bfloat16_instructions', lambda: False)
    run_in_half(layer)
    assert layer(torch.ones(1, 4)).dtype == torch.bfloat16
    assert 'faster without' in said[0]


def test_an_error_inside_does_not_leave_the_rest_in_half_precision(monkeypatch):
    monkeypatch.setattr(module, 'warn_once', lambda said: None)
    layer, other = torch.nn.Linear(4, 4), torch.nn.Linear(4, 4)
    run_in_half(layer)
    with pytest.raises(RuntimeError):
        layer(torch.ones(1, 5))
    assert other(torch.ones(1, 4)).dtype == torch.float32


def test_a_gpu_without_bfloat16_gets_float16(monkeypatch):
    for supported, kind in ((False, torch.float16), (True, torch.bfloat16)):
        monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda supported=supported: supported)
        assert module.half_type(torch.device('cuda')) == kind
