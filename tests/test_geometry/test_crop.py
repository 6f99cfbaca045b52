"""Which cells of a network's maps show the image."""

import numpy as np

from mmp3d.geometry.crop import cells_inside_image


def test_cells_beside_the_image_are_padding():
    # Cells of 4 input px, each 2 image px; the image begins 8 input px from the left.
    inside = cells_inside_image((6, 3), 4, np.array([2.0, 2.0]), np.array([-16.0, 0.0]), (20, 16))
    assert inside.tolist() == [[False, False, True, True, True, False], [False, False, True, True, True, False],
                               [False] * 6]  # fmt: skip
