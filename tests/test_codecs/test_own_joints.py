"""The own person's joints: the best of heat, tag and box; and whose joints lie where another's are."""

import numpy as np
import pytest
import torch

from mmp3d.codecs.own_joints import own_cells, shares_of_joints
from mmp3d.geometry.grouping import MISSING

BOX = np.array([0.0, 0.0, 31.0, 31.0])


def maps(peaks):
    """(2, 8, 16) heatmaps and tags; ``peaks``: joint, row, column, height, tag."""
    heatmaps, tags = torch.zeros(2, 8, 16), torch.zeros(2, 1, 8, 16)
    for joint, row, column, height, tag in peaks:
        heatmaps[joint, row, column], tags[joint, 0, row, column] = height, tag
    return heatmaps, tags


def cell(row, column):
    return row * 16 + column


def read(peaks):
    """Joint 1 of a person whose joint 0 is at row 2, column 2 and has the tag 5."""
    grouped = torch.tensor([cell(2, 2), MISSING])
    return own_cells(grouped, *maps([(0, 2, 2, 0.9, 5.0), *peaks]), BOX, 4, 1.0).tolist()


@pytest.mark.parametrize(
    'peaks, found',
    [
        # Of two peaks in the box the one with the person's tag, even if it is lower.
        ([(1, 4, 4, 0.5, 5.0), (1, 6, 6, 0.9, 8.0)], cell(4, 4)),
        # Of two with the same tag the one in the box.
        ([(1, 4, 4, 0.5, 5.0), (1, 4, 14, 0.9, 5.0)], cell(4, 4)),
        # A joint outside of the box is found where the box shows none.
        ([(1, 4, 14, 0.9, 5.0)], cell(4, 14)),
        ([], MISSING),
    ],
)
def test_joint_is_where_heat_tag_and_box_agree(peaks, found):
    assert read(peaks) == [cell(2, 2), found]


def test_a_map_that_is_not_finite_says_nothing():
    assert read([(1, 4, 4, torch.nan, 5.0)])[1] == MISSING


def test_shares_of_joints():
    own = torch.tensor([cell(2, 2), cell(4, 4), cell(6, 6)])
    people = torch.tensor(
        [[cell(2, 4), cell(4, 7), MISSING], [MISSING, MISSING, cell(6, 6)], [cell(5, 5), MISSING, MISSING]]
    )
    assert shares_of_joints(people, own, 16).tolist() == [0.5, 1.0, 0.0]
    assert shares_of_joints(people[:0], own, 16).shape == (0,)
    assert shares_of_joints(people, torch.full((3,), MISSING), 16).tolist() == [0.0, 0.0, 0.0]
