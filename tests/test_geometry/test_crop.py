"""The part of an image that a network sees, and which cells of its maps show the image."""

import numpy as np
import pytest

from mmp3d.geometry.crop import cells_inside_image, crop_window, image_to_input, input_to_image, usable_box


def test_cells_beside_the_image_are_padding():
    # Cells of 4 input px, each 2 image px; the image begins 8 input px from the left.
    inside = cells_inside_image((6, 3), 4, np.array([2.0, 2.0]), np.array([-16.0, 0.0]), (20, 16))
    assert inside.tolist() == [[False, False, True, True, True, False], [False, False, True, True, True, False],
                               [False] * 6]  # fmt: skip


@pytest.mark.parametrize(
    'box, usable',
    [
        ([0, 0, 1, 1], True),
        ([10, 10, 10.5, 20], False),
        ([10, 10, 20, 10.5], False),
        ([-5, -5, 0, 5], False),
        ([-5, -5, 1, 1], True),
        ([31, 23, 40, 40], True),
        ([32, 0, 40, 10], False),
        ([0, 24, 10, 40], False),
        ([0, 0, np.nan, 10], False),
        ([0, 0, 10, np.inf], False),
        ([0, 0, 10], False),
    ],
)
def test_usable_boxes_are_a_pixel_wide_and_show_something(box, usable):
    assert usable_box(np.array(box, float), (32, 24)) is usable


def test_the_window_has_the_proportions_of_the_input():
    centre, size = crop_window(np.array([10, 20, 30, 60]), 1.5, (64, 128))
    np.testing.assert_allclose(centre, [20, 40])
    np.testing.assert_allclose(size, [30, 60])
    np.testing.assert_allclose(crop_window(np.array([10, 20, 50, 30]), 1, (64, 128))[1], [40, 80])


def test_the_middle_of_the_crop_is_the_middle_of_the_input_and_every_point_comes_back():
    meta = dict(input_size=(64, 128), input_center=[20, 40], input_scale=[30, 60])
    assert image_to_input(np.array([[20.0, 40], [5, 10], [35, 40]]), meta).tolist() == [[32, 64], [0, 0], [64, 64]]
    points = np.random.default_rng(0).uniform(-50, 100, (3, 17, 2))
    np.testing.assert_allclose(input_to_image(image_to_input(points, meta), meta), points, atol=1e-9)
