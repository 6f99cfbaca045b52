"""Every joint of every set is drawn with its name and index, and the documentation holds what the code draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmp3d.geometry import H36M32, SKELETONS
from mmp3d.visualization.joint_set_figure import joint_set_figure, joint_table, write_figure

DOCS = Path(__file__).resolve().parents[2] / 'docs'
LARGEST_FILE = 150_000


@pytest.mark.parametrize('skeleton', SKELETONS.values(), ids=SKELETONS)
def test_names_and_indices_are_in_the_picture_and_clear_of_each_other(skeleton):
    figure = joint_set_figure(skeleton)
    texts = {text.get_text(): text for text in figure.axes[0].texts}
    assert set(skeleton.joint_names) | {str(index) for index in range(skeleton.num_joints)} <= set(texts)
    boxes = np.array([texts[name].get_window_extent().extents for name in skeleton.joint_names])
    width, height = figure.canvas.get_width_height()
    assert (boxes >= 0).all() and (boxes <= [width, height, width, height]).all()
    low, high = boxes[:, None, :2], boxes[None, :, 2:]
    overlap = (low < high).all(axis=-1) & (low < high).all(axis=-1).T
    assert overlap.sum() == skeleton.num_joints  # each with itself


def test_file_is_small_and_as_large_as_the_figure(tmp_path):
    path = write_figure(H36M32, tmp_path / 'new')
    assert path.name == 'joints_h36m32.png'
    assert Image.open(path).size == joint_set_figure(H36M32).canvas.get_width_height()
    assert path.stat().st_size < LARGEST_FILE


def test_the_documentation_shows_every_set_and_the_present_table():
    page = (DOCS / 'joint_sets.md').read_text()
    assert joint_table() in page
    for name in SKELETONS:
        assert f'(images/joints_{name}.png)' in page
        assert (DOCS / 'images' / f'joints_{name}.png').stat().st_size < LARGEST_FILE
