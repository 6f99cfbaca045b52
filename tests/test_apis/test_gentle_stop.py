"""Ctrl-C once and twice."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from mmp3d.apis.gentle_stop import gentle_stop


@pytest.fixture(autouse=True)
def foreground():
    """Ctrl-C reaches this process, also where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_one_stops_and_the_second_one_ends(capsys):
    stops = []
    with pytest.raises(KeyboardInterrupt), gentle_stop(lambda: stops.append(1)):
        os.kill(os.getpid(), signal.SIGINT)
        assert stops == [1]
        os.kill(os.getpid(), signal.SIGINT)
    assert 'Ctrl-C again ends at once' in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_ctrl_c_nothing_is_changed():
    with gentle_stop(lambda: pytest.fail('stopped')):
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_background_job_goes_on_ignoring_it():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with gentle_stop(lambda: pytest.fail('stopped')):
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_another_thread_runs_without():
    ran = []

    def run():
        with gentle_stop(lambda: None):
            ran.append(1)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert ran == [1]
