"""Labels: inside of the picture and clear of each other."""

from __future__ import annotations

import numpy as np

from mmp3d.visualization import text
from mmp3d.visualization.text import Label, draw_labels, draw_text

WHITE = (255, 255, 255)


def test_text_stays_inside():
    image = np.zeros((40, 120, 3), np.uint8)
    draw_text(image, '1: 2.00 m', (1e6, -50), 12, (255, 255, 255))
    assert image.any() and not image[20:].any()


def test_labels_keep_clear_of_each_other(monkeypatch):
    places = []
    monkeypatch.setattr(text, 'draw_text', lambda image, words, place, *rest: places.append(place))
    image = np.zeros((200, 300, 3), np.uint8)
    draw_labels(image, [Label(f'{number}: 2.00 m', (100 + number, 120), WHITE) for number in range(4)], 12, WHITE)
    heights = sorted(place[1] for place in places)
    assert len(heights) == 4 and np.diff(heights).min() >= 12


def test_many_labels_in_one_place_end():
    image = np.zeros((60, 60, 3), np.uint8)
    draw_labels(image, [Label('a', (30, 30), WHITE)] * 50, 12, WHITE)
    assert image.any()
