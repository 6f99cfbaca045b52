"""Trains a network whose poses a discriminator must not tell from real ones, and that discriminator.

Shapes: P people, Q pairs of people, K = 17 MuPoTS joints. Camera frame, millimetres.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor


class Estimates(NamedTuple):
    """What a network makes of a batch.

    ``losses`` of its own by name, ``estimated`` (Q, 2, K, 3) mm pairs of its poses, ``real`` (R, 2, K, 3) mm true
    pairs; joints that are NaN are not known.
    """

    losses: dict[str, Tensor]
    estimated: Tensor
    real: Tensor


class AdversarialEstimator(BaseModel):
    """Base of estimators with a ``discriminator`` and a network of the name ``adversary`` against it (paper, eq. 8-9).

    Every step trains the discriminator on the batch, and then the network against it. Both have an optimizer of their
    own: ``optim_wrapper`` of constructor ``SubmoduleOptimWrapperConstructor`` with entries for both. On several
    processes ``model_wrapper_cfg`` must be of type ``MMSeparateDistributedDataParallel``.

    Args:
        *args: Those of the estimator that is trained.
        discriminator: Default: :class:`InterPersonDiscriminator`.
        discriminator_loss: Default: :class:`DiscriminatorLoss`.
        naturalness_loss: Loss of the network against the discriminator; default: :class:`NaturalnessLoss`.
        gradient_penalty: For example ``dict(type='R1Penalty', loss_weight=1.0)``; None for none.
        **kwargs: Those of the estimator that is trained.
    """

    adversary: str

    def __init__(
        self,
        *args,
        discriminator: OptConfigType = None,
        discriminator_loss: OptConfigType = None,
        naturalness_loss: OptConfigType = None,
        gradient_penalty: OptConfigType = None,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.discriminator = MODELS.build(discriminator or dict(type='InterPersonDiscriminator'))
        self.discriminator_loss = MODELS.build(discriminator_loss or dict(type='DiscriminatorLoss'))
        self.naturalness_loss = MODELS.build(naturalness_loss or dict(type='NaturalnessLoss'))
        self.gradient_penalty = None if gradient_penalty is None else MODELS.build(gradient_penalty)

    def estimates(self, inputs: Tensor, data_samples: dict) -> Estimates:
        """What the network makes of a batch of the data preprocessor."""
        raise NotImplementedError(f'{type(self).__name__} must implement estimates')

    def train_step(self, data: dict, optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """Train both networks on a batch; scalars to log.

        Raises:
            ValueError: There is no optimizer for one of the two.
        """
        wrappers = dict(optim_wrapper.items()) if isinstance(optim_wrapper, OptimWrapperDict) else {}
        if set(wrappers) != {self.adversary, 'discriminator'}:
            raise ValueError(
                f'{type(self).__name__} needs an optimizer for {self.adversary!r} and one for "discriminator": '
                "optim_wrapper=dict(constructor='SubmoduleOptimWrapperConstructor', "
                f'{self.adversary}=dict(optimizer=...), discriminator=dict(optimizer=...))'
            )
        network, wrapper = getattr(self, self.adversary), wrappers[self.adversary]
        with wrapper.optim_context(network):
            losses, estimated, real = self.estimates(**self.data_preprocessor(data, True))
        log = self._train_discriminator(real, estimated.detach(), wrappers['discriminator'])
        self.discriminator.requires_grad_(False)
        with wrapper.optim_context(network):
            losses['loss_naturalness'] = self.naturalness_loss(self.discriminator(*estimated.unbind(1)))
        self.discriminator.requires_grad_(True)
        total, own_log = self.parse_losses(losses)
        wrapper.update_params(total)
        return {**log, **own_log}

    def _train_discriminator(self, real: Tensor, estimated: Tensor, wrapper: OptimWrapper) -> dict[str, Tensor]:
        with wrapper.optim_context(self.discriminator):
            judged = self.discriminator(*torch.cat([real, estimated.to(real)]).unbind(1))
            judged = judged[: len(real)], judged[len(real) :]
            losses = dict(loss_discriminator=self.discriminator_loss(*judged))
            if self.gradient_penalty is not None:
                losses['loss_gradient_penalty'] = self.gradient_penalty(self.discriminator, real)
        total, log = self.parse_losses(losses)
        wrapper.update_params(total)
        for name, values in zip(('real', 'estimated'), judged, strict=True):
            log[f'naturalness_{name}'] = values.detach().float().sum() / max(len(values), 1)
        log.pop('loss')
        return log
