"""Hooks of the training and test loops."""

from mmp3d.engine.hooks.safe_checkpoint_hook import SafeCheckpointHook

__all__ = ['SafeCheckpointHook']
