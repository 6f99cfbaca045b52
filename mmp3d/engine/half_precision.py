"""Inference in half precision where the device gains from it."""

from __future__ import annotations

import torch

from mmp3d.datasets.report import warn_once
from mmp3d.engine.bfloat16_optim_wrapper import has_bfloat16_instructions


def half_precision(device: torch.device, enabled: bool = True) -> torch.autocast:
    """A context in which networks on ``device`` compute in bfloat16, or in float16 where it has no bfloat16.

    What a network keeps in float32 for its sake (depths, coordinates) stays there. A processor without bfloat16
    instructions gets slower; one warning tells.
    """
    if enabled and device.type == 'cpu' and not has_bfloat16_instructions():
        warn_once('half precision: this processor has no bfloat16 instructions, it is faster without')
    return torch.autocast(device.type, dtype=half_type(device), enabled=enabled)


def half_type(device: torch.device) -> torch.dtype:
    """The narrow number format of a device."""
    has_bfloat16 = device.type == 'cpu' or (device.type == 'cuda' and torch.cuda.is_bf16_supported())
    return torch.bfloat16 if has_bfloat16 else torch.float16
