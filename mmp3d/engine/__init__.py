"""Hooks, loops, optimizer wrappers and file backends that the configs name."""

from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.engine.bfloat16_optim_wrapper import Bfloat16OptimWrapper
from mmp3d.engine.hooks import SafeCheckpointHook
from mmp3d.engine.resumable_epoch_loop import ResumableEpochLoop
from mmp3d.engine.submodule_optim_wrapper_constructor import SubmoduleOptimWrapperConstructor

__all__ = [
    'AtomicLocalBackend', 'Bfloat16OptimWrapper', 'ResumableEpochLoop', 'SafeCheckpointHook',
    'SubmoduleOptimWrapperConstructor']  # fmt: skip
