"""Our grouping and filling of missing joints beside the output of the authors' procedure."""

import numpy as np
import pytest
import torch

from mmp3d.codecs.missing_joints import filled_cells
from mmp3d.codecs.tagged_joints import find_candidates, joint_places, joint_scores, member_cells, tags_at
from mmp3d.geometry.grouping import MISSING, group_by_tags
from tests.shared_data import shared_path

JOINT_ORDER = (0, 1, 4, 2, 5, 3, 6, 7, 8, 11, 9, 12, 10, 13)
# The map's distance of tags that costs as much as a full height, in the release's refinement.
FILL_THRESHOLD = 1.5


def flat_cells(people, width):
    """(N, K, 5) people as stored, x and y first and then the height, as flat cells."""
    cells = people[..., 1].astype(int) * width + people[..., 0].astype(int)
    return np.where(people[..., 2] > 0, cells, MISSING)


@pytest.mark.parametrize('people', [0, 1, 2, 4, 6, 9])
def test_same_people_in_the_same_order_as_the_release(people):
    case = np.load(shared_path(f'golden/author_grouping/A/case_{people}_people.npz'))
    heatmaps, tags = torch.from_numpy(case['heat'][0]), torch.from_numpy(case['tags'][0]).movedim(-1, 1)
    scores, cells = find_candidates(heatmaps, 30, 5, 0.1)
    members = group_by_tags(scores.numpy(), tags_at(tags, cells).numpy(), JOINT_ORDER)
    assert len(members) == people
    if not people:
        return
    width = heatmaps.shape[-1]
    grouped = member_cells(members, cells)
    np.testing.assert_array_equal(grouped, flat_cells(case['grouped'], width))
    filled = filled_cells(grouped, heatmaps, tags, FILL_THRESHOLD)
    np.testing.assert_array_equal(filled, flat_cells(case['refined'], width))
    places = joint_places(filled, joint_scores(filled, heatmaps), heatmaps, 1, 'quarter', 0.5)
    found = case['refined'][..., 2] > 0
    np.testing.assert_allclose(places.numpy()[found], case['refined'][..., :2][found], atol=1e-3)
