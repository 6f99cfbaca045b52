"""How long each stage of a run takes: wall clock and processor time of the threads that carry it out.

A stage is named where it runs, by ``with stage('tracking', frames):``. While nobody measures this costs a look at one
variable. The time of a stage inside of another counts for the inner one alone.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar('Item')
WAITING = 'waiting'
_NOBODY_MEASURES = nullcontext()


@dataclass
class StageTimes:
    """What a stage took in all: seconds by the clock, and of the processor in the threads that ran it."""

    calls: int = 0
    frames: int = 0
    wall: float = 0.0
    processor: float = 0.0


class StageProfile:
    """Measures the stages that run in its block, in all threads; one at a time. A context.

    Threads run beside one another, so that the stages together may take longer than the block. What OpenMP, cuDNN or
    FFmpeg compute in threads of their own is in ``processor`` alone. On a GPU a stage ends when the GPU has done its
    work, which takes the overlap away: measure what a run takes in all without a profile.

    Attributes:
        stages: Times by name, in the order of their first end.
        wall, processor: Seconds of the block, and of all threads of the process in it; 0 before it has ended.

    Raises:
        RuntimeError: Another profile is being taken.
    """

    _active: StageProfile | None = None

    def __init__(self) -> None:
        self.stages: dict[str, StageTimes] = {}
        self.wall = self.processor = 0.0
        self._lock = threading.Lock()
        self._threads = threading.local()

    def __enter__(self) -> StageProfile:
        if StageProfile._active is not None:
            raise RuntimeError('another profile is being taken; end it first')
        StageProfile._active = self
        self._start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        StageProfile._active = None
        self.wall, self.processor = time.perf_counter() - self._start[0], time.process_time() - self._start[1]

    def table(self) -> str:
        """The stages, those that take longest first, as lines of text."""
        names = sorted(self.stages, key=lambda name: -self.stages[name].wall)
        width = max(map(len, [*names, 'stage']))
        lines = [f'{"stage":<{width}}   calls  frames  wall [s]  processor [s]  ms a frame  share of wall']
        for name in names:
            times = self.stages[name]
            each = f'{1000 * times.wall / times.frames:10.2f}' if times.frames else f'{"":10}'
            share = 100 * times.wall / max(self.wall, 1e-9)
            lines.append(
                f'{name:<{width}}  {times.calls:6d}  {times.frames:6d}  {times.wall:8.2f}  {times.processor:13.2f}  '
                f'{each}  {share:11.1f} %'
            )
        return '\n'.join([*lines, f'{"all":<{width}}  {"":14}  {self.wall:8.2f}  {self.processor:13.2f}'])

    def _open(self) -> list[list[float]]:
        """The stages that this thread is in: (wall, processor) seconds of those inside of each."""
        if not hasattr(self._threads, 'open'):
            self._threads.open = []
        return self._threads.open

    def _add(self, name: str, frames: int, wall: float, processor: float) -> None:
        with self._lock:
            times = self.stages.setdefault(name, StageTimes())
            times.calls += 1
            times.frames += frames
            times.wall += wall
            times.processor += processor


class _Stage:
    """One call of a stage."""

    def __init__(self, profile: StageProfile, name: str, frames: int) -> None:
        self.frames = frames
        self._profile, self._name = profile, name

    def __enter__(self) -> _Stage:
        self._profile._open().append([0.0, 0.0])
        self._start = _clocks()
        return self

    def __exit__(self, *_: object) -> None:
        taken = [now - then for now, then in zip(_clocks(), self._start, strict=True)]
        around = self._profile._open()
        inside = around.pop()
        if around:
            around[-1] = [before + each for before, each in zip(around[-1], taken, strict=True)]
        own = (whole - part for whole, part in zip(taken, inside, strict=True))
        self._profile._add(self._name, self.frames, *own)


def stage(name: str, frames: int = 0) -> AbstractContextManager:
    """A block that is one call of a stage, with so many frames."""
    profile = StageProfile._active
    return _NOBODY_MEASURES if profile is None else _Stage(profile, name, frames)


def each_in_stage(name: str, items: Iterable[Item]) -> Iterator[Item]:
    """The items, each of which is made in a stage as one frame."""
    iterator, end = iter(items), object()
    while True:
        with stage(name, 1) as call:
            item = next(iterator, end)
            if item is end and call is not None:
                call.frames = 0
        if item is end:
            return
        yield item


def _clocks() -> tuple[float, float]:
    torch = sys.modules.get('torch')  # not imported for this alone
    # A thread's current GPU need not be that of the networks.
    for number in range(torch.cuda.device_count() if torch and torch.cuda.is_initialized() else 0):
        if torch.cuda.memory_allocated(number):
            torch.cuda.synchronize(number)
    return time.perf_counter(), time.thread_time()
