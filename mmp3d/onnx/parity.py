"""Whether a written graph says what the PyTorch function says."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from mmp3d.onnx.graphs import Graph
from mmp3d.onnx.session import GraphSession

# Greatest difference of two numbers, in what the network learns as 1: heights of heatmaps, tags, metres, ...
TOLERANCE = 1e-3
EXAMPLES = 3


def parity(graph: Graph, session: GraphSession) -> dict[str, float]:
    """The greatest difference of each output over examples of several sizes; infinite where one is a number alone.

    Args:
        graph: What was written.
        session: It, read back.
    """
    worst = dict.fromkeys(graph.outputs, 0.0)
    for number in range(EXAMPLES):
        inputs = graph.example(number)
        with torch.no_grad():
            expected = graph.module(*inputs)
        expected = (expected,) if isinstance(expected, Tensor) else expected
        found = session(**{name: part.numpy() for name, part in zip(graph.inputs, inputs, strict=True)})
        for name, said in zip(graph.outputs, expected, strict=True):
            difference = _difference(said.numpy(), found[name]) / graph.units.get(name, 1)
            worst[name] = max(worst[name], difference)
    return worst


def failures(worst: Mapping[str, float]) -> list[str]:
    """Names of the outputs that are not as they should be."""
    return [name for name, difference in worst.items() if not difference <= TOLERANCE]


def _difference(expected: np.ndarray, found: np.ndarray) -> float:
    if expected.shape != found.shape or not (np.isfinite(expected) == np.isfinite(found)).all():
        return np.inf
    return float(np.abs(np.nan_to_num(expected) - np.nan_to_num(found)).max(initial=0))
