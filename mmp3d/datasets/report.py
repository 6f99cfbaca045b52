"""Say something once, in the log of the run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.logging import print_log

_SAID = set()
_RECORDS: list[list[str]] = []


def warn(message: str) -> None:
    """Write a warning to the run's log."""
    for record in _RECORDS:
        record.append(message)
    print_log(message, logger='current', level=logging.WARNING)


def warn_once(message: str) -> None:
    """Write a warning unless this process has written the same one before."""
    if message not in _SAID:
        _SAID.add(message)
        warn(message)


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Collect what :func:`warn` says inside of the block, beside saying it."""
    record: list[str] = []
    _RECORDS.append(record)
    try:
        yield record
    finally:
        _RECORDS.remove(record)
