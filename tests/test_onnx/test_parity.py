"""The comparison of a graph with its function finds what is wrong."""

import numpy as np
import pytest
import torch
from torch import nn

from mmp3d.onnx.graphs import Graph
from mmp3d.onnx.parity import failures, parity


class Halves(nn.Module):
    def forward(self, values):
        return values / 2, torch.where(values > 0, values, torch.nan)


GRAPH = Graph(
    Halves(), {'values': {0: 'n'}}, {'half': {}, 'positive': {}}, lambda n: (torch.arange(-1.0, n + 2),), {'half': 1000}
)


def said(values, error=0.0):
    return {'half': values / 2 + error, 'positive': np.where(values > 0, values, np.nan)}


def test_the_difference_is_the_largest_in_the_outputs_unit():
    assert parity(GRAPH, said) == {'half': 0, 'positive': 0}
    found = parity(GRAPH, lambda values: said(values, 2 * (values == 3)))
    assert found == {'half': pytest.approx(2e-3), 'positive': 0} and failures(found) == ['half']
    assert not failures(parity(GRAPH, lambda values: said(values, 0.5)))


def test_another_shape_or_a_number_in_the_place_of_none_is_as_wrong_as_can_be():
    shorter = parity(GRAPH, lambda values: {name: part[:2] for name, part in said(values).items()})
    finite = parity(GRAPH, lambda values: {name: np.nan_to_num(part) for name, part in said(values).items()})
    assert failures(shorter) == ['half', 'positive'] and failures(finite) == ['positive']
    assert failures({'half': np.nan}) == ['half']
