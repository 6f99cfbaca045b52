"""Hook that always leaves a whole checkpoint of an epoch or iteration; the best one goes before the next is written.

Remove when mmengine removes old checkpoints after it has saved the new one.
"""

from __future__ import annotations

from collections import deque

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from mmpose.registry import HOOKS


@HOOKS.register_module()
class ReplacingCheckpointHook(CheckpointHook):
    """mmengine's ``CheckpointHook`` that removes old checkpoints when the new one is whole, not before it is written.

    A run that is killed in between has one more than ``max_keep_ckpts``, which goes when it is resumed. So
    ``max_keep_ckpts=1`` can be used. Arguments as in ``CheckpointHook``.
    """

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        if self.max_keep_ckpts <= 0:
            return super()._save_checkpoint_with_step(runner, step, meta)
        most = self.max_keep_ckpts
        # With room for one more mmengine removes none. The checkpoint names them all: what a kill leaves goes later.
        self.max_keep_ckpts, self.keep_ckpt_ids = most + 1, deque(self.keep_ckpt_ids, most + 1)
        try:
            super()._save_checkpoint_with_step(runner, step, meta)
        finally:
            self.max_keep_ckpts = most
        while len(self.keep_ckpt_ids) > most:
            self._remove(self.keep_ckpt_ids.popleft())
        # What a resumed run makes of the names in its checkpoint.
        runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))

    def _remove(self, step: int) -> None:
        if not is_main_process():
            return
        path = self.file_backend.join_path(self.out_dir, self.filename_tmpl.format(step))
        if self.file_backend.isfile(path):
            self.file_backend.remove(path)
        elif self.file_backend.isdir(path):
            # DeepSpeed's are folders.
            self.file_backend.rmtree(path)
