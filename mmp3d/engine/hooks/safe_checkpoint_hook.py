"""Hook that makes every checkpoint of a run readable by `torch.load(weights_only=True)`, and resumable from.

mmengine 0.10 saves its message hub as `HistoryBuffer` objects and data-set metainfo as numpy arrays, which torch >= 2.6
refuses by default. Remove when mmengine saves plain data.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook, Hook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from mmp3d.compat.plain_data import plain
from mmp3d.engine.hooks.replacing_checkpoint_hook import ReplacingCheckpointHook


@HOOKS.register_module()
class SafeCheckpointHook(Hook):
    """Saves plain data only and turns the log history back into buffers on loading.

    List it among `custom_hooks`; its priority puts it behind hooks that add to the checkpoint (EMA).
    """

    priority = 'LOWEST'

    def before_train(self, runner: Runner) -> None:
        """Remove checkpoints that a run in this work folder was killed in the midst of writing.

        Warns where a kill could leave the run without any, see :class:`ReplacingCheckpointHook`.
        """
        for hook in runner.hooks:
            if isinstance(hook, CheckpointHook) and not isinstance(hook, ReplacingCheckpointHook):
                _warn_of_one_kept(runner, hook)
        if is_main_process():
            for part in Path(runner.work_dir).glob('.*.pth.*.part'):
                part.unlink(missing_ok=True)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Replace, in place, all that the safe loader refuses."""
        hub = checkpoint.get('message_hub')
        if hub is not None:
            checkpoint['message_hub'] = {**hub, 'log_scalars': _histories_to_tensors(hub['log_scalars'])}
        for key in list(checkpoint):
            checkpoint[key] = plain(checkpoint[key], key)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Rebuild the log history and, where equal, the training set's own metainfo; old files pass untouched."""
        hub = checkpoint.get('message_hub')
        if hub is not None:
            hub['log_scalars'] = _tensors_to_histories(hub['log_scalars'])
        meta = checkpoint.get('meta', {})
        if runner._resume and 'dataset_meta' in meta:
            # mmengine compares the pickles of both, which differ between an array and the same numbers in a list.
            own = getattr(runner.train_dataloader.dataset, 'metainfo', None)
            if plain(own) == meta['dataset_meta']:
                meta['dataset_meta'] = own


def _warn_of_one_kept(runner: Runner, hook: CheckpointHook) -> None:
    """Say so where a hook that removes before it saves keeps one checkpoint alone."""
    if hook.max_keep_ckpts == 1:
        runner.logger.warning(
            f'default_hooks.checkpoint: {type(hook).__name__} with max_keep_ckpts=1 removes the only checkpoint before '
            "the next one is whole; use type='ReplacingCheckpointHook', or max_keep_ckpts=2"
        )


def _histories_to_tensors(scalars: dict) -> dict:
    return {
        name: {
            'log': torch.from_numpy(buffer.data[0]),
            'count': torch.from_numpy(buffer.data[1]),
            'max': buffer.max_length,
        }
        for name, buffer in scalars.items()
    }


def _tensors_to_histories(scalars: dict) -> OrderedDict:
    # A run on a GPU reads its checkpoint onto the GPU.
    return OrderedDict(
        (name, HistoryBuffer(entry['log'].cpu().numpy(), entry['count'].cpu().numpy(), entry['max']))
        if isinstance(entry, dict)
        else (name, entry)
        for name, entry in scalars.items()
    )
