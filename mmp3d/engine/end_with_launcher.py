"""Processes that do not outlive the launcher that started them."""

from __future__ import annotations

import ctypes
import signal
import sys

# From <sys/prctl.h>.
_SIGNAL_AT_PARENTS_END = 1


def end_with_launcher() -> None:
    """Have this process killed when its parent ends, on Linux; elsewhere nothing is done.

    ``torchrun`` ends its processes when it is asked to end, but not where it is killed: they would go on computing,
    and writing to the work folder of the run that takes their place. Only for ``torchrun``, which starts processes from
    its main thread: the end of a thread that started this process counts as that of the parent.
    """
    if sys.platform == 'linux':
        ctypes.CDLL(None).prctl(_SIGNAL_AT_PARENTS_END, signal.SIGKILL)
