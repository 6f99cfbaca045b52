"""Work beside the main thread: items that are made ahead of it, and tasks that are done behind it.

It pays where the work leaves the interpreter, as decoders, encoders and tensors' operations do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from mmp3d.stage_profile import WAITING, stage

Item = TypeVar('Item')


def made_ahead(items: Iterable[Item], most: Callable[[Item], int] = lambda item: 1) -> Iterator[Item]:
    """The items in order, the next ones made by another thread while the caller works on one.

    Args:
        items: Not more are taken from it than are given and wait.
        most: How many may wait, told the item that is given; before the first one it is 1.

    Raises:
        Exception: What ``items`` raises, in its place.
    """
    helper, end = ThreadPoolExecutor(1, 'ahead'), object()
    make = partial(helper.submit, next, iter(items))
    waiting = deque([make(end)])
    try:
        while (item := result_of(waiting.popleft())) is not end:
            while len(waiting) < max(most(item), 1):
                waiting.append(make(end))
            yield item
    finally:
        helper.shutdown(wait=True, cancel_futures=True)


class DoneBehind:
    """Does tasks in order in a thread of its own; not more than ``most`` wait, then the caller does.

    As a context it finishes, or drops after an error.

    Args:
        most: Tasks that wait, with all that they hold in memory.
    """

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._helper = ThreadPoolExecutor(1, 'behind')
        self._waiting: deque[Future] = deque()

    def __enter__(self) -> DoneBehind:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.finish() if kind is None else self.drop()

    def do(self, task: Callable[..., Any], *arguments: Any) -> None:
        """Do a task some time. Raises what an earlier one has raised."""
        while self._waiting and (self._waiting[0].done() or len(self._waiting) >= self._most):
            result_of(self._waiting.popleft())
        self._waiting.append(self._helper.submit(task, *arguments))

    def finish(self) -> None:
        """Wait for all tasks. Raises what the first one that failed has raised; those behind it are left out."""
        try:
            while self._waiting:
                result_of(self._waiting.popleft())
        finally:
            self.drop()

    def drop(self) -> None:
        """End when the task that is being done is; the others are left out."""
        self._helper.shutdown(wait=True, cancel_futures=True)


def result_of(future: Future) -> Any:
    """The result of a task, for which the caller waits."""
    if future.done():
        return future.result()
    with stage(WAITING):
        return future.result()
