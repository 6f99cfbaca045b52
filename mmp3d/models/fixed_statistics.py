"""Batch normalisation with the statistics that a network has, as at test, in the middle of its training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def fix_statistics(network: nn.Module) -> None:
    """Batch normalisation by the running statistics, which stay as they are, until ``network.train()`` is called."""
    for layer in _norm_layers(network):
        layer.eval()


@contextmanager
def fixed_statistics(network: nn.Module) -> Iterator[None]:
    """The same for a block of code; the layers are then as they were."""
    modes = {layer: layer.training for layer in _norm_layers(network)}
    fix_statistics(network)
    try:
        yield
    finally:
        for layer, mode in modes.items():
            layer.train(mode)


def _norm_layers(network: nn.Module) -> list[nn.Module]:
    return [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
