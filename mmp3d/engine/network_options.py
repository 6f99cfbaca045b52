"""How a trained network runs: batch norm folded, in half precision, compiled. Gains and costs: docs/speed.md."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import torch
from mmengine.model import is_model_wrapper
from mmpose.models.pose_estimators.base import BasePoseEstimator
from torch import nn

from mmp3d.engine.half_precision import run_in_half
from mmp3d.models.inference_form import in_inference_form


@dataclass(frozen=True)
class NetworkOptions:
    """Choices that change the speed; what each does to the results is told.

    Args:
        fuse_conv_bn: Fold batch norm into the convolutions and lay weights out with their channels innermost, see
            :func:`~mmp3d.models.inference_form.in_inference_form`: the same up to rounding.
        half: The image network in bfloat16 or float16, see :func:`~mmp3d.engine.half_precision.run_in_half`.
        compile: The image network's backbone by ``torch.compile``: the same up to rounding. The first call compiles,
            which takes minutes, and so does the first one of every new size of the input.
    """

    fuse_conv_bn: bool = False
    half: bool = False
    compile: bool = False

    def apply(self, model: nn.Module) -> None:
        """Change a model in place; with its weights, on its device, and in evaluation mode.

        Raises:
            ValueError: There is no image network for ``half`` or ``compile``, or nothing compiles here.
        """
        if self.fuse_conv_bn:
            in_inference_form(model)
        if self.half:
            run_in_half(image_network(model))
        if self.compile:
            backbone = image_network(model).backbone
            require_compiler(next(backbone.parameters()).device)
            # The method and not the module, whose weights would get other names.
            backbone.forward = torch.compile(backbone.forward)


def add_network_arguments(parser: argparse.ArgumentParser) -> None:
    """``--fuse-conv-bn``, ``--half`` and ``--compile``."""
    parser.add_argument('--fuse-conv-bn', action='store_true', help='fold batch norm into the convolutions: faster')
    parser.add_argument('--half', action='store_true', help='the image network in bfloat16 or float16')
    parser.add_argument(
        '--compile', action='store_true', help="the image network's backbone by torch.compile: for long runs"
    )


def image_network(model: nn.Module) -> nn.Module:
    """The network of a model that sees whole images: the model itself, or the bottom-up network of a whole system.

    Raises:
        ValueError: It has none.
    """
    network = model.module if is_model_wrapper(model) else model
    network = getattr(network, 'bottom_up', network)
    if not isinstance(network, BasePoseEstimator):
        raise ValueError('half precision and compilation are for networks that see images; this model has none')
    return network


def require_compiler(device: torch.device) -> None:
    """Raise ValueError where ``torch.compile`` does not work on a device; says why and what it needs."""
    try:
        torch.compile(torch.neg)(torch.zeros(2, device=device))
    # Whatever goes wrong between Python and the compiler comes in many classes, which change with PyTorch's version.
    except Exception as error:
        reason = ' '.join(str(error).split())[:160]
        raise ValueError(
            f'torch.compile does not work here ({reason}); it needs a C++ compiler (g++) for a processor and Triton '
            'for a GPU; leave --compile out'
        ) from error
