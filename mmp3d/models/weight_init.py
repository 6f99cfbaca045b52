"""Start a network with extra input channels from a checkpoint of the plain image network."""

from __future__ import annotations

import torch
from mmengine.logging import print_log
from mmpose.registry import WEIGHT_INITIALIZERS
from torch import nn

from mmp3d.compat.checkpoint import load_checkpoint, state_dict_of


@WEIGHT_INITIALIZERS.register_module()
class InflatedPretrained:
    """Load a checkpoint whose first convolution sees fewer channels than the module's.

    The extra channels start at zero, so that at first the network answers as the pretrained one does. A URL that
    cannot be fetched leaves the module as it is, and one line says so; a local file that is missing or damaged is an
    error.

    Args:
        checkpoint: URL (mmpose model zoo) or local file.
        prefix: Part of the checkpoint to load, for example ``'backbone.'``.
        map_location: As in ``torch.load``.
    """

    def __init__(self, checkpoint: str, prefix: str | None = None, map_location: str = 'cpu') -> None:
        self.checkpoint = checkpoint
        self.prefix = prefix
        self.map_location = map_location

    def __call__(self, module: nn.Module) -> None:
        """Load into ``module``.

        Raises:
            FileNotFoundError, ValueError: The local file is missing or damaged, or a parameter differs in more than its
                input channels.
        """
        try:
            state = state_dict_of(load_checkpoint(self.checkpoint, self.map_location), self.checkpoint)
        except ConnectionError as error:
            print_log(f'no pretrained weights, training from scratch: {error}', 'current')
            return
        if self.prefix:
            state = {name.removeprefix(self.prefix): v for name, v in state.items() if name.startswith(self.prefix)}
        own = module.state_dict()
        matched = {name: _inflated(name, value, own[name]) for name, value in state.items() if name in own}
        if not matched:
            raise ValueError(
                f'{self.checkpoint} holds no parameter of {type(module).__name__} (prefix {self.prefix!r}); '
                f'its first names are {list(state)[:3]}, expected such as {list(own)[:3]}'
            )
        module.load_state_dict(matched, strict=False)
        print_log(f'{len(matched)} of {len(own)} parameters from {self.checkpoint}', 'current')


def _inflated(name: str, value: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    if value.shape == own.shape:
        return value
    same_kernel = value.ndim == 4 and value.shape[0] == own.shape[0] and value.shape[2:] == own.shape[2:]
    if not same_kernel or value.shape[1] > own.shape[1]:
        raise ValueError(f'pretrained {name} has shape {tuple(value.shape)}, expected {tuple(own.shape)}')
    inflated = torch.zeros_like(own)
    inflated[:, : value.shape[1]] = value
    return inflated
