"""An optimizer for each of a model's networks, for models that train networks against each other."""

from __future__ import annotations

from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapperDict, build_optim_wrapper
from mmpose.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class SubmoduleOptimWrapperConstructor:
    """Builds an ``OptimWrapperDict`` from a config with an entry for each submodule.

    Entries are optimizer-wrapper configs by the submodule's name; whatever else is beside them, ``type`` or
    ``clip_grad`` for example, holds for all that do not say otherwise::

        optim_wrapper = dict(
            constructor='SubmoduleOptimWrapperConstructor',
            network=dict(optimizer=dict(type='Adam', lr=1e-3)),
            discriminator=dict(optimizer=dict(type='Adam', lr=2e-4)),
        )

    Args:
        optim_wrapper_cfg: The config.
        paramwise_cfg: For all submodules, see mmengine's ``DefaultOptimWrapperConstructor``.

    Raises:
        ValueError: No entry has an optimizer.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        entries = dict(optim_wrapper_cfg)
        self.submodules = {
            name: entries.pop(name)
            for name, entry in optim_wrapper_cfg.items()
            if isinstance(entry, dict) and 'optimizer' in entry
        }
        if not self.submodules:
            raise ValueError(
                'optim_wrapper: SubmoduleOptimWrapperConstructor needs an entry with an "optimizer" for each '
                f'submodule, found {sorted(entries)}; see configs/integration_adversarial_tiny_virtual.py'
            )
        self.shared = entries | ({} if paramwise_cfg is None else {'paramwise_cfg': paramwise_cfg})

    def __call__(self, model: nn.Module) -> OptimWrapperDict:
        """The wrappers of a model, in a distributed wrapper or not.

        Raises:
            ValueError: An entry names no submodule.
        """
        model = model.module if is_model_wrapper(model) else model
        parts = dict(model.named_children())
        if unknown := sorted(set(self.submodules) - set(parts)):
            raise ValueError(f'optim_wrapper: {type(model).__name__} has no {unknown}; it has {sorted(parts)}')
        wrappers = {
            name: build_optim_wrapper(parts[name], {**self.shared, **entry}) for name, entry in self.submodules.items()
        }
        return OptimWrapperDict(**wrappers)
