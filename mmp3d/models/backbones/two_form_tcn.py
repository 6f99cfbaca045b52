"""mmpose's temporal convolutional network in both of its forms on one set of weights.

Shapes: B sequences, C channels, T frames, R frames of the receptive field.
"""

from __future__ import annotations

import math

from mmengine.logging import print_log
from mmpose.models.backbones import TCN
from mmpose.registry import MODELS
from torch import Tensor
from torch.nn import functional


@MODELS.register_module()
class TwoFormTCN(TCN):
    """Strided where the input is one window, dilated where it is longer.

    mmpose's network is one or the other from its construction on. The strided form computes nothing that the one output
    frame does not need, so windows train fast; in the dilated form the windows of a track share what they have in
    common, so a track takes one pass. Both give the same numbers (Pavllo et al., CVPR 2019).

    The weights of a network with smaller kernels may be loaded, of one that sees a single frame (kernels of 1) for
    example: they become the middle of the kernels, and the network answers what that one did. So may those of a network
    with fewer input channels, which are then the first ones; the others count for nothing until they are trained.

    Args: those of mmpose's ``TCN``, without ``use_stride_conv``.
    """

    @property
    def receptive_field(self) -> int:
        """Frames that one output frame depends on."""
        return math.prod(self.kernel_sizes)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Output of every block.

        Args:
            x: (B, C, T), T >= R.

        Returns:
            Per block (B, stem_channels, frames); of the last one T - R + 1 frames.

        Raises:
            ValueError: T is less than R.
        """
        frames = x.shape[-1]
        if frames < self.receptive_field:
            raise ValueError(
                f'a sequence of {frames} frames is shorter than the receptive field of {self.receptive_field}; pad it, '
                'as TemporalLifter.over_track does, or choose smaller kernel_sizes'
            )
        self._take_form(strided=frames == self.receptive_field)
        return super().forward(x)

    def _load_from_state_dict(self, state_dict, prefix, *args, **kwargs) -> None:
        widened = []
        for name, weight in self.state_dict().items():
            given = state_dict.get(prefix + name)
            if given is not None and given.ndim == weight.ndim == 3 and not self.causal:
                inputs = weight.shape[1] - given.shape[1] if name == 'expand_conv.conv.weight' else 0
                around, odd = divmod(weight.shape[2] - given.shape[2], 2)
                if inputs >= 0 and around >= 0 and not odd and inputs + around:
                    widened.append(f'{prefix}{name} {tuple(given.shape)} -> {tuple(weight.shape)}')
                    state_dict[prefix + name] = functional.pad(given, (around, around, 0, inputs))
        if widened:
            print_log(f'weights of a smaller network, zeros added: {"; ".join(widened)}', 'current')
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    def _take_form(self, strided: bool) -> None:
        dilation = self.kernel_sizes[0]
        self.expand_conv.conv.stride = (dilation if strided else 1,)
        for block, kernel in zip(self.tcn_blocks, self.kernel_sizes[1:], strict=True):
            conv = block.conv1[0].conv
            conv.stride, conv.dilation = ((kernel,), (1,)) if strided else ((1,), (dilation,))
            block.use_stride_conv = strided
            block.causal_shift = kernel // 2 * (1 if strided else dilation) if self.causal else 0
            dilation *= kernel
