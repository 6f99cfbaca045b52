"""Training loop whose runs end with the same weights wherever they were broken off."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.dist import broadcast_object_list, get_rank
from mmengine.runner import EpochBasedTrainLoop
from mmpose.registry import LOOPS

from mmp3d.datasets.seeded_items import seed_generators
from mmp3d.synthetic.counter_random import keys_of

# In the message hub, which is part of every checkpoint: an epoch, the iteration at its start, and its batches.
_RUNNING = 'running_epoch'


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """mmengine's ``EpochBasedTrainLoop``, for runs that are broken off at any moment.

    - What a step draws (dropout, noise) is a function of the run's seed, the iteration and the rank.
    - A checkpoint from within an epoch (``CheckpointHook(by_epoch=False)``) resumes there: the batches that were learnt
      are left out, by a sampler with ``begin_at`` such as ``ResumableSampler`` without being read. If the batches have
      another size or there is another number of processes, the epoch begins anew, with a warning.
    - A validation that is due at the checkpoint and not recorded in it is done first.

    With ``ResumableSampler`` or ``FreshIndexSampler`` and data sets of this package the resumed run computes what the
    uninterrupted one would have. Arguments as in ``EpochBasedTrainLoop``.
    """

    def run(self):
        """Train; returns the model."""
        self.runner.call_hook('before_train')
        # A resumed run has its seed from the checkpoint; the sampler was made before that was read. With diff_rank_seed
        # those of the processes differ, and the order must not.
        seeds = [self.runner.seed]
        broadcast_object_list(seeds)
        self.dataloader.sampler.seed = seeds[0]
        done = self._batches_done()
        if self._epoch and not done:
            self._validate()
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch(done)
            done = 0
            self._validate()
        self.runner.call_hook('after_train')
        return self.runner.model

    def run_epoch(self, done: int = 0) -> None:
        """Learn the batches of an epoch.

        Args:
            done: How many of them were learnt before the run was resumed.
        """
        first = self._leave_out(done)
        self.runner.message_hub.update_info(_RUNNING, [self._epoch, self._iter - done, len(self.dataloader)])
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        for number, batch in enumerate(self.dataloader, first):
            if number >= done:
                self.run_iter(number, batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def run_iter(self, idx: int, data_batch: Sequence[dict]) -> None:
        """Learn one batch."""
        key = keys_of(self.runner.seed, [self._iter]) ^ keys_of(get_rank(), [0])
        seed_generators(int(key[0]))
        super().run_iter(idx, data_batch)

    def _batches_done(self) -> int:
        """Batches of this epoch that were learnt before the run was resumed."""
        epoch, start, batches = self.runner.message_hub.get_info(_RUNNING, (-1, 0, 0))
        if epoch != self._epoch or self._iter == start:
            return 0
        if batches == len(self.dataloader):
            return self._iter - start
        self.runner.logger.warning(
            f'epoch {epoch + 1} begins anew: it was broken off after {self._iter - start} of {batches} batches, and '
            f'has {len(self.dataloader)} now (batch size, number of processes or data changed)'
        )
        return 0

    def _leave_out(self, done: int) -> int:
        """Tell the sampler to leave batches out; the number of the first batch that then comes."""
        sampler = self.dataloader.sampler
        if self.dataloader.batch_size is None or not hasattr(sampler, 'begin_at'):
            return 0
        sampler.begin_at(done * self.dataloader.batch_size)
        return done

    def _validate(self) -> None:
        """Validate where that is due after an epoch, unless the checkpoint tells that it was."""
        self._decide_current_val_interval()
        if self.runner.val_loop is None or self._epoch < self.val_begin:
            return
        due = self._epoch % self.val_interval == 0 or self._epoch == self._max_epochs
        if due and self.runner.message_hub.get_info('validated_epoch') != self._epoch:
            # Before, so that the checkpoint that is saved anew with the best score knows of it.
            self.runner.message_hub.update_info('validated_epoch', self._epoch)
            self.runner.val_loop.run()
