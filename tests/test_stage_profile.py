"""Times of stages: whose they are, in which thread, and that nothing is measured unasked."""

from __future__ import annotations

import threading

import pytest

from mmp3d import stage_profile
from mmp3d.stage_profile import StageProfile, each_in_stage, stage


@pytest.fixture
def clocks(monkeypatch):
    """Both clocks, which go as the test says."""
    now = [0.0, 0.0]
    monkeypatch.setattr(stage_profile, '_clocks', lambda: tuple(now))

    def go(wall, processor):
        now[0] += wall
        now[1] += processor

    return go


def times_of(profile):
    return {name: (of.calls, of.frames, of.wall, of.processor) for name, of in profile.stages.items()}


def test_the_time_of_a_stage_inside_of_another_is_its_own(clocks):
    with StageProfile() as profile:
        with stage('network', 8):
            clocks(3, 2)
            with stage('decoding', 8):
                clocks(1, 1)
            clocks(1, 0)
        with stage('network', 4):
            clocks(2, 2)
    assert times_of(profile) == {'decoding': (1, 8, 1, 1), 'network': (2, 12, 6, 4)}


def test_stages_of_other_threads_are_not_inside_of_this_one(clocks):
    def beside():
        with stage('reading', 1):
            clocks(5, 1)

    with StageProfile() as profile, stage('network', 1):
        thread = threading.Thread(target=beside)
        thread.start()
        thread.join()
    assert times_of(profile) == {'reading': (1, 1, 5, 1), 'network': (1, 1, 5, 1)}


def test_items_are_frames_and_the_end_is_none(clocks):
    with StageProfile() as profile:
        assert list(each_in_stage('reading', (clocks(2, 1) or number for number in range(3)))) == [0, 1, 2]
    assert times_of(profile) == {'reading': (4, 3, 6, 3)}


def test_nothing_is_measured_unasked():
    with StageProfile() as profile:
        pass
    with stage('network', 1):
        pass
    assert list(each_in_stage('reading', 'ab')) == ['a', 'b']
    assert not profile.stages and profile.table().splitlines()[0].startswith('stage')


def test_an_error_ends_a_stage_and_a_profile(clocks):
    profile = StageProfile()
    with pytest.raises(ValueError, match='damaged'), profile, stage('reading', 1):
        clocks(1, 1)
        raise ValueError('damaged')
    assert times_of(profile) == {'reading': (1, 1, 1, 1)}
    with StageProfile(), pytest.raises(RuntimeError, match='another profile'):
        StageProfile().__enter__()


def test_the_table_has_the_longest_stage_first(clocks):
    with StageProfile() as profile:
        for name, frames, seconds in (('tracking', 0, 1), ('network', 4, 3)):
            with stage(name, frames):
                clocks(seconds, seconds)
    profile.wall, profile.processor = 5.0, 4.0
    head, *rows = (line.split() for line in profile.table().splitlines())
    assert head[:3] == ['stage', 'calls', 'frames']
    assert rows == [
        ['network', '1', '4', '3.00', '3.00', '750.00', '60.0', '%'],
        ['tracking', '1', '0', '1.00', '1.00', '20.0', '%'],
        ['all', '5.00', '4.00'],
    ]
