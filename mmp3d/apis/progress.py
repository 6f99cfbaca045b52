"""How far a long run is: a bar with the time left and the people found, or now and then a line in a log."""

from __future__ import annotations

import sys
import time
from datetime import timedelta

from mmengine.dist import is_main_process
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

# Seconds between two lines where there is no terminal.
LOG_INTERVAL = 30.0


class FrameProgress:
    """Counts frames on standard error; a context.

    Args:
        title: What is being done.
        total: Frames to come; 0 where that is not known.
        shown: False: says nothing, and so do all processes but the first one of several.
    """

    def __init__(self, title: str, total: int = 0, shown: bool = True) -> None:
        self.title = title
        self.total = total
        self.frames = 0
        self.people = 0
        self._shown = shown and is_main_process()
        self._bar: Progress | None = None

    def __enter__(self) -> FrameProgress:
        self._start = self._said = time.monotonic()
        if self._shown and sys.stderr.isatty():
            columns = (
                TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
                TimeRemainingColumn(), TextColumn('{task.fields[people]} people'))  # fmt: skip
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._bar.start()
            self._task = self._bar.add_task(self.title, total=self.total or None, people=0)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def add(self, frames: int, people: int) -> None:
        """Say that frames are done, with ``people`` in the last one."""
        self.frames += frames
        self.people = people
        if self._bar is not None:
            self._bar.update(self._task, completed=self.frames, people=people)
        elif self._shown and time.monotonic() - self._said >= LOG_INTERVAL:
            self._said = time.monotonic()
            print(self.line(self._said - self._start), file=sys.stderr, flush=True)

    def line(self, seconds: float) -> str:
        """What a log is told after so many seconds."""
        rate = self.frames / max(seconds, 1e-9)
        known = f' of {self.total}' if self.total else ''
        left = self.total - self.frames
        ends = f', {timedelta(seconds=round(left / rate))} left' if left > 0 and rate else ''
        return f'{self.title}: frame {self.frames}{known}, {rate:.1f} a second{ends}, {self.people} people'
