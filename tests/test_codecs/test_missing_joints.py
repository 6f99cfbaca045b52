"""The search for missing joints beside a look at every cell."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmp3d.codecs import missing_joints
from mmp3d.codecs.missing_joints import filled_cells, filled_cells_at_once
from mmp3d.geometry.grouping import MISSING


def plainly_filled(flat, heatmaps, tags, threshold):
    filled = flat.clone()
    for person, joint in (flat == MISSING).nonzero().tolist():
        has = [other for other, cell in enumerate(flat[person].tolist()) if cell != MISSING]
        mean = torch.stack([tags[other].flatten(1)[:, flat[person, other]] for other in has]).mean(dim=0)
        apart = (tags[joint] - mean[:, None, None]).square().sum(dim=0).sqrt()
        filled[person, joint] = (heatmaps[joint] - (apart / threshold).round()).argmax()
    return filled


@given(
    st.integers(1, 24),
    st.integers(1, 24),
    st.integers(1, 2),
    st.floats(0, 1),
    st.sampled_from([0.0005, 0.02, 0.5, 1.0, 3.0]),
    st.integers(0, 2**31),
)
@settings(max_examples=60, deadline=None)
def test_same_cells_as_a_look_at_every_cell(height, width, depth, low, highest, seed):
    generator = torch.Generator().manual_seed(seed)
    # Few heights and whole tags, so that cells tie; some maps of nothing, and some below zero.
    heatmaps = torch.randint(-1, 6, (4, height, width), generator=generator) / 5 * highest
    heatmaps[torch.rand(heatmaps.shape, generator=generator) < low] = 0
    tags = torch.randint(0, 4, (4, depth, height, width), generator=generator).float()
    flat = torch.randint(0, height * width, (5, 4), generator=generator)
    flat[torch.rand(flat.shape, generator=generator) < 0.4] = MISSING
    flat[:, 0] = 0
    expected = plainly_filled(flat, heatmaps, tags, 1.5)
    torch.testing.assert_close(filled_cells(flat, heatmaps, tags, 1.5), expected)
    torch.testing.assert_close(filled_cells_at_once(flat, heatmaps, tags, 1.5), expected)


@pytest.mark.parametrize('most', [1, 40])
def test_the_memory_that_is_allowed_changes_nothing(monkeypatch, most):
    generator = torch.Generator().manual_seed(0)
    heatmaps, tags = (torch.rand(shape, generator=generator) for shape in ((3, 9, 11), (3, 2, 9, 11)))
    flat = torch.tensor([[5, MISSING, MISSING], [MISSING, 7, MISSING], [1, 2, 3]])
    expected = filled_cells(flat, heatmaps, tags, 1.0)
    monkeypatch.setattr(missing_joints, 'MOST_DISTANCES', most)
    torch.testing.assert_close(filled_cells(flat, heatmaps, tags, 1.0), expected)
    assert (expected != MISSING).all()
    torch.testing.assert_close(expected[2], flat[2])


def test_nobody_is_filled_without_people():
    assert filled_cells(torch.zeros(0, 3, dtype=torch.long), torch.rand(3, 4, 4), torch.rand(3, 1, 4, 4), 1).shape == (
        0,
        3,
    )
