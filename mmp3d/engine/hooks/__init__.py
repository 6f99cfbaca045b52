"""Hooks of the training and test loops."""

from mmp3d.engine.hooks.inference_form_hook import InferenceFormHook
from mmp3d.engine.hooks.replacing_checkpoint_hook import ReplacingCheckpointHook
from mmp3d.engine.hooks.safe_checkpoint_hook import SafeCheckpointHook
from mmp3d.engine.hooks.same_buffers_hook import SameBuffersHook

__all__ = ['InferenceFormHook', 'ReplacingCheckpointHook', 'SafeCheckpointHook', 'SameBuffersHook']
