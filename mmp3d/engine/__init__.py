"""Hooks and file backends that the configs name."""

from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.engine.bfloat16_optim_wrapper import Bfloat16OptimWrapper
from mmp3d.engine.hooks import SafeCheckpointHook

__all__ = ['AtomicLocalBackend', 'Bfloat16OptimWrapper', 'SafeCheckpointHook']
