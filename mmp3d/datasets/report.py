"""What a run says while it reads data: warnings in its log, and how far it is."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from mmengine.dist import is_main_process
from mmengine.logging import print_log
from tqdm import tqdm

# Seconds after which a progress bar appears.
PATIENCE = 3.0
Row = TypeVar('Row')
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


def shown_progress(rows: Iterable[Row], description: str) -> Iterable[Row]:
    """The rows; on a terminal of the main process with a progress bar, once they take longer than some seconds."""
    return tqdm(rows, desc=description, delay=PATIENCE, leave=False, disable=None if is_main_process() else True)
