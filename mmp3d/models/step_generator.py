"""Randomness of a training step that does not depend on what happened before it."""

from __future__ import annotations

import torch
from mmengine.dist import get_rank
from mmengine.logging import MessageHub

_PRIMES = 1_000_003, 15_485_863


def step_generator(device: torch.device | str) -> torch.Generator | None:
    """A generator that depends on the run's seed, the iteration and the rank alone.

    A run that was interrupted and resumed thus draws what it would have drawn without the interruption. Outside of
    mmengine's training loop there is no iteration: None, PyTorch's own generator.
    """
    step = MessageHub.get_current_instance().get_info('iter')
    if step is None:
        return None
    seed = torch.initial_seed() + _PRIMES[0] * (step + 1) + _PRIMES[1] * get_rank()
    return torch.Generator(device).manual_seed(seed % 2**63)


def fixed_generator(device: torch.device | str, seed: int = 0) -> torch.Generator:
    """A generator that gives the same numbers each time, for predictions."""
    return torch.Generator(device).manual_seed(seed)
