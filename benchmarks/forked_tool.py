"""A tool as a child of a process that has the libraries loaded already, so that it begins at once."""

from __future__ import annotations

import os
import random
import runpy
import sys
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch


class ForkedTool:
    """Behaves as :class:`subprocess.Popen` does, as far as it is needed here.

    Args:
        command: Path of the tool, and arguments.
        log: File that what it says is added to.
    """

    def __init__(self, command: list[str], log: Path) -> None:
        self._process = get_context('fork').Process(target=_run, args=(command, log))
        self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Status, -9 where it was killed; None: it has not ended."""
        return self._process.exitcode

    def wait(self) -> int:
        """Status at its end."""
        self._process.join()
        return self._process.exitcode


def _run(command: list[str], log: Path) -> None:
    said = log.open('a', buffering=1)
    sys.stdout = sys.stderr = said
    for stream in (1, 2):  # of the processes that it starts
        os.dup2(said.fileno(), stream)
    # As in a process of its own: what is drawn without a seed is different each time.
    random.seed()
    np.random.seed()
    torch.seed()
    sys.argv = command
    sys.path.insert(0, str(Path(command[0]).parent))
    runpy.run_path(command[0], run_name='__main__')
