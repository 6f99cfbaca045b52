"""Hooks and file backends that the configs name."""

from mmp3d.compat.atomic_backend import AtomicLocalBackend
from mmp3d.engine.hooks import SafeCheckpointHook

__all__ = ['AtomicLocalBackend', 'SafeCheckpointHook']
