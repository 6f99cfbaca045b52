"""Ctrl-C that ends a long run with what it has; a second one ends it at once."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def gentle_stop(stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C in the block calls ``stop``, the second one raises KeyboardInterrupt as ever."""
    # Other threads cannot have handlers, and a shell lets its background jobs ignore Ctrl-C.
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return

    def handle(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        print('interrupted: finishing with the frames so far; Ctrl-C again ends at once', file=sys.stderr)
        stop()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
