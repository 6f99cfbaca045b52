"""Hook that gives a run's model a faster form before it is tested."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from mmp3d.engine.network_options import NetworkOptions


@HOOKS.register_module()
class InferenceFormHook(Hook):
    """Changes the model once its weights are there, see :class:`~mmp3d.engine.network_options.NetworkOptions`.

    For runs that only test; a model that was changed cannot be trained on.

    Args:
        fuse_conv_bn: As there, and so are the others.
        half: As there.
        compile: As there.
    """

    def __init__(self, fuse_conv_bn: bool = True, half: bool = False, compile: bool = False) -> None:
        self.options = NetworkOptions(fuse_conv_bn, half, compile)

    def before_test(self, runner: Runner) -> None:
        """Change the runner's model."""
        self.options.apply(runner.model)
