"""Which number format half precision is on which device."""

from __future__ import annotations

import torch

from mmp3d.engine import half_precision as module
from mmp3d.engine.half_precision import half_precision


def test_a_processor_computes_in_bfloat16_and_is_warned_of_where_it_is_slow(monkeypatch):
    said, layer = [], torch.nn.Linear(4, 4)
    monkeypatch.setattr(module, 'warn_once', said.append)
    monkeypatch.setattr(module, 'has_bfloat16_instructions', lambda: False)
    with half_precision(torch.device('cpu')):
        assert layer(torch.ones(1, 4)).dtype == torch.bfloat16
    assert len(said) == 1 and 'faster without' in said[0]
    with half_precision(torch.device('cpu'), enabled=False):
        assert layer(torch.ones(1, 4)).dtype == torch.float32
    assert len(said) == 1


def test_a_gpu_without_bfloat16_gets_float16(monkeypatch):
    for supported, kind in ((False, torch.float16), (True, torch.bfloat16)):
        monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda supported=supported: supported)
        assert module.half_type(torch.device('cuda')) == kind
