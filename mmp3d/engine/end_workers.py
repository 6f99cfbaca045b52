"""Workers of data loaders that do not outlive the process that they load for."""

from __future__ import annotations

from typing import Any

from torch.utils.data._utils import worker

from mmp3d.engine.end_with_launcher import end_with_launcher

_LOOP = worker._worker_loop


def end_workers_with_us() -> None:
    """From now on have workers of PyTorch's data loaders killed when this process ends, on Linux.

    By itself a worker leaves its loop then, but waits for ever, with all its memory, where results of it or of another
    worker are in a pipe that nobody empties any more. For loaders that are read from the main thread only: a worker
    would end with any other thread that started it.
    """
    worker._worker_loop = _loop_that_ends


def _loop_that_ends(*arguments: Any) -> None:
    end_with_launcher()
    _LOOP(*arguments)
