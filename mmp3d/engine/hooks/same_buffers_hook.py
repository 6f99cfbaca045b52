"""Hook by which all processes validate the network that the checkpoint holds."""

from __future__ import annotations

from mmengine.dist import broadcast
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS


@HOOKS.register_module()
class SameBuffersHook(Hook):
    """Gives all processes the first one's buffers, the running statistics of batch norm, before they validate.

    In training each process gathers those of its own share of the batches, and a checkpoint holds the first one's. So
    without this the score is that of several networks, and another one after the run was resumed.
    """

    # Behind EMAHook, which puts the averaged network in place.
    priority = 'LOW'

    def before_val_epoch(self, runner: Runner) -> None:
        """Send the buffers; with one process nothing is done."""
        for buffer in runner.model.buffers():
            broadcast(buffer)
