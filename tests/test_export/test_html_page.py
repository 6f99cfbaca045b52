"""The page holds all it needs, in a bounded size."""

from __future__ import annotations

import base64
import json
import re

import numpy as np

from mmp3d.export.html_page import MISSING, PictureStrip, page_bytes
from tests.test_export.clips import walking_clip


def _data(page: bytes) -> dict:
    return json.loads(re.search(r'<script id="data"[^>]*>(.*?)</script>', page.decode(), re.S)[1])


def test_positions_are_kept_to_the_millimetre_and_gaps_marked():
    clip = walking_clip()
    data = _data(page_bytes(clip))
    values = np.frombuffer(base64.b64decode(data['positions']), '<i2').reshape(clip.positions.shape)
    there = clip.present
    np.testing.assert_allclose(values[there], clip.y_up()[there], atol=0.51)
    assert (values[~there] == MISSING).all() and (~there).any()
    assert [person['track_id'] for person in data['people']] == [1, 4]


def test_page_asks_the_network_for_nothing_and_names_are_harmless():
    page = page_bytes(walking_clip().replaced(seq_name='</script><script>alert(1)')).decode()
    assert 'http' not in page and 'alert(1)' in page and '<script>alert' not in page
    assert _data(page.encode())['title'].startswith('</script>')


def test_a_minute_of_five_people_with_a_noisy_video_stays_below_8_mb():
    clip = walking_clip(people=5, frames=1800, fps=30)
    strip = PictureStrip()
    noise = np.random.default_rng(0).integers(0, 256, (8, 180, 320, 3), np.uint8)
    for frame in range(clip.num_frames):
        strip.add(frame, noise[frame % 8])
    pictures = strip.jpegs()
    assert 20 < len(pictures) <= 300 and pictures[0][0] == 0
    assert len(page_bytes(clip, pictures)) < 8_000_000


def test_nobody():
    data = _data(page_bytes(walking_clip(people=0)))
    assert data['people'] == [] and data['pictures'] == []
