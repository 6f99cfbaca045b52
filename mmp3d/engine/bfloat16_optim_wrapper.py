"""Mixed precision where there is no GPU: mmengine's ``AmpOptimWrapper`` refuses to be built on a processor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from mmpose.registry import OPTIM_WRAPPERS
from torch import nn


@OPTIM_WRAPPERS.register_module()
class Bfloat16OptimWrapper(OptimWrapper):
    """Run the forward pass in bfloat16; weights, their update and whatever a model keeps in float32 stay as they are.

    bfloat16 has the range of float32, so that no loss is scaled. Processors with its instructions (AVX512-BF16, AMX)
    train convolutions in about half the time; others get slower.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """The wrapper's own context, with autocast on the device of the model."""
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(device, dtype=torch.bfloat16):
            yield


def has_bfloat16_instructions() -> bool:
    """Whether this processor computes in bfloat16 itself; False, too, where an older torch cannot tell."""
    checks = (getattr(torch.cpu, f'_is_{name}_supported', None) for name in ('avx512_bf16', 'amx_tile'))
    return any(check is not None and check() for check in checks)
