"""Inference in half precision where the device gains from it."""

from __future__ import annotations

from functools import wraps
from typing import Any

import torch
from torch import nn

from mmp3d.datasets.report import warn_once
from mmp3d.engine.bfloat16_optim_wrapper import has_bfloat16_instructions


def run_in_half(network: nn.Module) -> None:
    """Let a network compute in half precision from now on, each of its calls in :func:`half_precision`."""
    forward = network.forward

    @wraps(forward)
    def forward_in_half(*inputs: Any, **options: Any) -> Any:
        with half_precision(next(network.parameters()).device):
            return forward(*inputs, **options)

    network.forward = forward_in_half


def half_precision(device: torch.device) -> torch.autocast:
    """A context in which networks on ``device`` compute in bfloat16, or in float16 where it has no bfloat16.

    What a network keeps in float32 for its sake (depths, coordinates) stays there. A processor without bfloat16
    instructions gets slower; one warning tells.
    """
    if device.type == 'cpu' and not has_bfloat16_instructions():
        warn_once('half precision: this processor has no bfloat16 instructions, it is faster without')
    return torch.autocast(device.type, dtype=half_type(device))


def half_type(device: torch.device) -> torch.dtype:
    """The narrow number format of a device."""
    has_bfloat16 = device.type == 'cpu' or (device.type == 'cuda' and torch.cuda.is_bf16_supported())
    return torch.bfloat16 if has_bfloat16 else torch.float16
