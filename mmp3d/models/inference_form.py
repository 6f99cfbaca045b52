"""Networks in the form in which they run fastest, after training."""

from __future__ import annotations

import torch
from mmcv.cnn import fuse_conv_bn
from mmengine.model import is_model_wrapper
from torch import nn


def in_inference_form(model: nn.Module) -> nn.Module:
    """Change a model's layers for speed; its results stay, up to rounding.

    Batch norm becomes part of the convolution before it (mmcv's ``fuse_conv_bn``), and weights lie with their channels
    innermost. Load the weights and choose the device first: afterwards the parameters are others, and the model
    neither trains on nor loads a checkpoint of its config.

    Args:
        model: Any model, in a distributed wrapper or not; changed in place.

    Returns:
        The model.
    """
    network = fuse_conv_bn(model.module if is_model_wrapper(model) else model)
    for layer in network.modules():
        if _is_pointwise(layer) and layer.weight.device.type == 'cpu':
            # A single cell has nothing to dilate. But where one thread runs, PyTorch copies the maps of a 1x1
            # convolution to another order and back, unless it is a dilated one, which it leaves to oneDNN.
            layer.dilation = (2, 2)
    network.to(memory_format=torch.channels_last)
    return model


def _is_pointwise(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Conv2d) and layer.kernel_size == layer.stride == layer.dilation == (1, 1)
