"""Runner of which everything that a config describes is built, or named as wrong, before the work starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.evaluator import Evaluator
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from mmpose.registry import OPTIMIZERS

from mmp3d.engine.config_mistakes import told


class ConfigRunner(Runner):
    """mmengine's ``Runner``, whose errors in building loops, data sets, metrics and optimizers name the config's field.

    mmengine builds them when it is told to train or test, each once and before the first batch. Here they are built
    then, too, in the same order, so that a run draws the numbers that it would have drawn; errors from within training
    stay what they are.

    Raises:
        ValueError: While building: a class that is not registered, an argument that a class does not have or lacks,
            or a ``save_best`` that no metric of ``val_evaluator`` can have.
    """

    def build_train_loop(self, loop):
        """As in ``Runner``."""
        with told(self.cfg.filename, 'train_cfg or train_dataloader'):
            return super().build_train_loop(loop)

    def build_val_loop(self, loop):
        """As in ``Runner``; ``save_best`` is compared with the metrics."""
        with told(self.cfg.filename, 'val_cfg, val_dataloader or val_evaluator'):
            built = super().build_val_loop(loop)
        self._check_save_best(getattr(built, 'evaluator', None))
        return built

    def build_test_loop(self, loop):
        """As in ``Runner``."""
        with told(self.cfg.filename, 'test_cfg, test_dataloader or test_evaluator'):
            return super().build_test_loop(loop)

    def build_optim_wrapper(self, optim_wrapper):
        """As in ``Runner``."""
        for field, name in _optimizers(optim_wrapper, 'optim_wrapper'):
            if isinstance(name, str) and OPTIMIZERS.get(name) is None:
                raise ValueError(
                    f'{self.cfg.filename}: {field}: no optimizer is named {name!r}; torch.optim has SGD, Adam, AdamW '
                    'and others'
                )
        with told(self.cfg.filename, 'optim_wrapper'):
            return super().build_optim_wrapper(optim_wrapper)

    def scale_lr(self, optim_wrapper, auto_scale_lr=None) -> None:
        """As in ``Runner``."""
        with told(self.cfg.filename, 'auto_scale_lr'):
            super().scale_lr(optim_wrapper, auto_scale_lr)

    def build_param_scheduler(self, scheduler):
        """As in ``Runner``."""
        with told(self.cfg.filename, 'param_scheduler'):
            return super().build_param_scheduler(scheduler)

    def _check_save_best(self, evaluator: Any) -> None:
        """Raise ValueError where the best checkpoint is to be told by a score that no metric has."""
        # An evaluator of another class may name scores otherwise.
        prefixes = [metric.prefix for metric in evaluator.metrics] if type(evaluator) is Evaluator else [None]
        hooks = [hook for hook in self.hooks if isinstance(hook, CheckpointHook) and hook.save_best]
        for name in (name for hook in hooks for name in hook.key_indicators):
            if not _may_be_a_score(name, prefixes):
                raise ValueError(
                    f'{self.cfg.filename}: default_hooks.checkpoint.save_best: no metric of val_evaluator has a score '
                    f"{name!r}; give 'auto' or <metric>/<score>, the metrics are {', '.join(sorted(prefixes))}"
                )


def _may_be_a_score(name: str, prefixes: Sequence[str | None]) -> bool:
    """Whether metrics can have a score of that name: ``<prefix>/<name>``, any where one has no prefix."""
    # Losses of validation are scores, too, by names of their own.
    return name == 'auto' or 'loss' in name or any(not each or name.startswith(f'{each}/') for each in prefixes)


def _optimizers(config: Any, field: str) -> Iterator[tuple[str, Any]]:
    """Field and type of every optimizer in the config of wrappers."""
    if not isinstance(config, Mapping):
        return
    for name, entry in config.items():
        if name == 'optimizer' and isinstance(entry, Mapping):
            yield f'{field}.optimizer.type', entry.get('type')
        else:
            yield from _optimizers(entry, f'{field}.{name}')
