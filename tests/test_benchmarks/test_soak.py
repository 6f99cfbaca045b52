"""The soak on some seconds of video: nothing is wrong with them, and what would be wrong is noticed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.structures import InstanceData

from tests.test_benchmarks.loaded import load_benchmark

soak = load_benchmark('soak')


@pytest.fixture(autouse=True)
def short_day(monkeypatch):
    monkeypatch.setattr(soak, 'DAY', ((40, 2), (70, 0), (20, 1), (4, 12)))
    monkeypatch.setattr(soak, 'CYCLE', 134)


def test_people_of_a_day():
    assert [len(soak.people_at(frame)[1]) for frame in (0, 39, 40, 109, 110, 130, 133, 134)] == [
        2,
        2,
        0,
        0,
        1,
        12,
        12,
        2,
    ]
    assert (soak.people_at(0)[0], soak.people_at(134)[0]) == (0, 4)


def test_nothing_is_wrong_with_a_day_and_its_stages_are_on_disk(tmp_path):
    assert soak.Soak(134, tmp_path).wrong(134) == []
    assert any(tmp_path.rglob('people-*.npz'))


def test_pictures_of_another_size_end_the_clip(tmp_path):
    clip = soak.Soak(60, tmp_path, changes_at=30)
    assert clip.wrong(30) == []
    assert 'frame 30: 640 x 360 px, but the clip began with 320 x 180' in str(clip.reader.ended_by)


def test_lost_frames_and_too_many_people_are_noticed(tmp_path):
    clip = soak.Soak(30, tmp_path)
    people = InstanceData(track_ids=np.arange(9))  # each in all of the frames
    clip._run = SimpleNamespace(people=lambda: [(None, people)] * 3)
    clip.read = clip.settled + 101
    said = [f'frame {frame}: 9 people, expected 2' for frame in range(3)]
    said += ['3 frames, expected 4', '9 ids of 2 people']
    assert clip.wrong(4) == [*said, f'memory grew from {clip.settled} to {clip.read} MB']
