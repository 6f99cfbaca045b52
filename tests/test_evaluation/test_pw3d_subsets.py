import numpy as np
import pytest

from mmp3d.evaluation.functional.pw3d_subsets import in_named_subset, largest_overlaps


@pytest.mark.parametrize(
    ('seq_name', 'frame_id', 'subsets'),
    [
        ('courtyard_hug_00', 100, {'3DPW-PC'}),
        ('courtyard_hug_00', 499, {'3DPW-PC'}),
        ('courtyard_hug_00', 500, set()),
        ('courtyard_hug_00', None, set()),
        ('courtyard_basketball_00', 200, {'3DPW-PC', '3DPW-OC'}),
        ('courtyard_basketball_01', 200, {'3DPW-OC'}),
        ('downtown_walking_00', 0, {'3DPW-NC'}),
        ('', None, {'3DPW-NC'}),
    ],
)
def test_named_subsets(seq_name, frame_id, subsets):
    names = ('3DPW-PC', '3DPW-OC', '3DPW-NC')
    assert {name for name in names if in_named_subset(name, seq_name, frame_id)} == subsets


def test_unknown_subset_is_named():
    with pytest.raises(ValueError, match="subset must be one of .*'3DPW-PC'.* got 'crowd'"):
        in_named_subset('crowd', 'courtyard_hug_00', 0)


def test_overlap_is_the_greatest_of_any_two():
    boxes = np.array([[[0, 0, 10, 10], [5, 0, 15, 10], [100, 100, 110, 110]]], float)
    assert largest_overlaps(boxes, np.ones((1, 3), bool)) == pytest.approx([50 / 150])
    assert largest_overlaps(boxes, np.array([[True, False, True]])) == [0]
    assert largest_overlaps(boxes[:, [0, 0]], np.ones((1, 2), bool)) == [1]


def test_boxes_that_are_missing_or_empty_overlap_nothing():
    boxes = np.array([[[0, 0, 10, 10], [np.nan] * 4], [[3, 3, 3, 3]] * 2])
    assert largest_overlaps(boxes, np.ones((2, 2), bool)).tolist() == [0, 0]
    assert largest_overlaps(np.zeros((2, 0, 4)), np.zeros((2, 0), bool)).tolist() == [0, 0]
