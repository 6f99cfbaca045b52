"""Peaks of heat maps."""

import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.codecs.tagged_joints import find_candidates


@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 3, 5, 7]), st.floats(0, 0.99), st.integers(0, 2**31))
@settings(max_examples=30, deadline=None)
def test_peaks_are_the_same_in_sparse_and_in_full_maps(height, width, kernel, empty, seed):
    generator = torch.Generator().manual_seed(seed)
    # Few different heights, so that neighbours tie.
    heatmaps = torch.randint(1, 6, (3, height, width), generator=generator) / 5
    heatmaps[torch.rand(heatmaps.shape, generator=generator) < empty] = 0.05
    pooled = F.max_pool2d(heatmaps[None], kernel, stride=1, padding=kernel // 2)[0]
    expected = torch.where((pooled == heatmaps) & (heatmaps > 0.1), heatmaps, 0).flatten(1)
    scores, cells = find_candidates(heatmaps, height * width, kernel, 0.1)
    torch.testing.assert_close(torch.zeros_like(expected).scatter_reduce(1, cells, scores, 'amax'), expected)
    assert (scores[:, 1:] <= scores[:, :-1]).all()


def test_a_map_of_nothing_has_no_peaks():
    scores, cells = find_candidates(torch.full((2, 4, 4), torch.nan), 5, 3)
    assert scores.shape == cells.shape == (2, 5)
    assert not scores.any()
