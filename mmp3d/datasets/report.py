"""Say something once, in the log of the run."""

from __future__ import annotations

import logging

from mmengine.logging import print_log

_SAID = set()


def warn(message: str) -> None:
    """Write a warning to the run's log."""
    print_log(message, logger='current', level=logging.WARNING)


def warn_once(message: str) -> None:
    """Write a warning unless this process has written the same one before."""
    if message not in _SAID:
        _SAID.add(message)
        warn(message)
