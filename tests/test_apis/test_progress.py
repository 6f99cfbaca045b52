"""What a long run says of itself."""

from __future__ import annotations

import pytest

from mmp3d.apis import progress
from mmp3d.apis.progress import FrameProgress


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """Seconds since some time, to be set by the test."""
    now = [100.0]
    monkeypatch.setattr(progress.time, 'monotonic', lambda: now[0])
    return now


def test_a_log_gets_a_line_now_and_then(clock, capsys):
    with FrameProgress('Inference', 1000) as shown:
        for _ in range(10):
            clock[0] += 5
            shown.add(10, 3)
    assert capsys.readouterr().err == 'Inference: frame 60 of 1000, 2.0 a second, 0:07:50 left, 3 people\n'


def test_an_unknown_length_has_no_end(clock, capsys):
    with FrameProgress('Inference') as shown:
        clock[0] += 40
        shown.add(80, 1)
    assert capsys.readouterr().err == 'Inference: frame 80, 2.0 a second, 1 people\n'


def test_nothing_is_said_unasked(clock, capsys):
    with FrameProgress('Inference', 10, shown=False) as hidden:
        clock[0] += 100
        hidden.add(5, 1)
    assert capsys.readouterr().err == ''


def test_a_terminal_gets_a_bar_with_people_and_time_left(monkeypatch, capsys):
    monkeypatch.setattr(progress.sys.stderr, 'isatty', lambda: True)
    monkeypatch.setenv('FORCE_COLOR', '1')
    monkeypatch.setenv('COLUMNS', '120')
    with FrameProgress('Inference', 4) as shown:
        shown.add(2, 7)
    said = capsys.readouterr().err
    assert 'Inference' in said and '2/4' in said and '7 people' in said
