"""Targets and rendered inputs are the same Gaussians, on any stride."""

import numpy as np
import torch
from mmpose.codecs.utils import generate_gaussian_heatmaps

from mmp3d.codecs.cells import cells_to_pixels, pixels_to_cells, read_cells, window_cells
from mmp3d.codecs.heatmaps import draw_heatmaps, render_at_once, render_person_heatmaps


def test_drawn_and_rendered_maps_agree():
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(0, 128, (3, 17, 2)).astype(np.float32)
    drawn = draw_heatmaps(pixels_to_cells(keypoints, 2), np.ones((3, 17)), (64, 64), 2.0)
    rendered = render_person_heatmaps([torch.from_numpy(keypoints)], [torch.ones(3, 17)], (64, 64), 4.0, 2)[0].numpy()
    # The target is cut at three sigma.
    assert np.abs(drawn - rendered).max() < np.exp(-4.5) + 1e-6


def test_on_whole_cells_the_targets_are_those_of_mmpose():
    cells = np.random.default_rng(0).integers(0, 48, (4, 17, 2)).astype(np.float32)
    visible = (np.arange(68).reshape(4, 17) % 3 > 0).astype(np.float32)
    expected, _ = generate_gaussian_heatmaps((48, 48), cells, visible, 2.0)
    assert np.abs(draw_heatmaps(cells, visible, (48, 48), 2.0) - expected).max() < np.exp(-4.5) + 1e-6


def test_batch_with_different_numbers_of_people_and_scores():
    keypoints = [torch.zeros(0, 2, 2), torch.tensor([[[8.0, 4.0], [2.0, 2.0]]])]
    scores = [torch.zeros(0, 2), torch.tensor([[0.5, 0.0]])]
    maps = render_person_heatmaps(keypoints, scores, (16, 12), sigma=1.0)
    assert maps.shape == (2, 2, 12, 16)
    assert maps[0].abs().max() == 0
    assert maps[1, 0, 4, 8] == 0.5
    assert maps[1, 1].abs().max() == 0


def test_strides_lie_on_each_other_and_mirror():
    pixels = np.array([0.0, 3.5, 7.0])
    assert np.allclose(cells_to_pixels(pixels_to_cells(pixels, 4), 4), pixels)
    # An image of 16 px: mirrored pixel 15 - x is the mirrored cell 3 - c.
    assert np.allclose(pixels_to_cells(15 - pixels, 4), 3 - pixels_to_cells(pixels, 4))


def test_windows_repeat_the_border():
    window = window_cells(torch.tensor([0, 5]), 1, width=4, height=3)
    assert window[0].tolist() == [0, 0, 1, 0, 0, 1, 4, 4, 5]
    assert window[1].tolist() == [0, 1, 2, 4, 5, 6, 8, 9, 10]


def test_reading_is_indexing():
    maps = torch.arange(2 * 3 * 4 * 5).view(2, 3, 4, 5)
    cells = torch.randint(0, 20, (2, 6, 3, 2))
    values = read_cells(maps, cells)
    for image, person, joint in ((0, 0, 0), (1, 5, 2), (0, 3, 1)):
        assert (
            values[image, person, joint].tolist() == maps[image, joint].flatten()[cells[image, person, joint]].tolist()
        )


def test_targets_are_the_largest_gaussian_of_all_people_within_three_sigma():
    rng = np.random.default_rng(0)
    width, height, sigma, radius = 40, 30, 1.5, 5
    cells = rng.uniform(-12, 52, (6, 5, 2))
    cells[0, 0], cells[0, 1], cells[0, 2] = np.nan, (1e9, -1e9), (-5.4, 29.6)
    visible = rng.random((6, 5)) < 0.8
    rows, columns = np.mgrid[:height, :width]
    expected = np.zeros((5, height, width), np.float32)
    for person, joint in zip(*np.nonzero(visible & np.isfinite(cells).all(axis=-1)), strict=True):
        x, y = cells[person, joint]
        near = (np.abs(columns - np.round(x)) <= radius) & (np.abs(rows - np.round(y)) <= radius)
        gaussian = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2)) * near
        expected[joint] = np.maximum(expected[joint], gaussian)
    np.testing.assert_allclose(draw_heatmaps(cells, visible, (width, height), sigma), expected, atol=1e-7)


def test_nobody_is_an_empty_map():
    assert draw_heatmaps(np.zeros((0, 17, 2)), np.zeros((0, 17)), (8, 6), 2.0).tolist() == np.zeros((17, 6, 8)).tolist()


def test_maps_rendered_at_once_are_those_of_the_loop():
    random = torch.Generator().manual_seed(0)
    keypoints, scores = torch.rand(2, 3, 5, 2, generator=random) * 60, torch.rand(2, 3, 5, generator=random)
    scores[0, 2] = 0
    for least in (0.0, 0.1):
        expected = render_person_heatmaps(list(keypoints), list(scores), (20, 15), 4.0, 4, least)
        assert torch.equal(render_at_once(keypoints, scores, (20, 15), 4.0, 4, least), expected)
