"""Memory and processor time of a process as Linux tells them."""

from __future__ import annotations

import os
import resource
from pathlib import Path


def memory(name: str = 'VmRSS', process: int | str = 'self') -> int:
    """Bytes of an entry of ``/proc/<process>/status``, 0 where there is no such process or no Linux.

    ``'VmRSS'``: in memory now, of which the system may take pages of files away at any time; ``'RssAnon'``: without
    these; ``'VmHWM'``: the most so far; ``'VmSize'``: addresses.
    """
    try:
        lines = Path(f'/proc/{process}/status').read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(f'{name}:')), 0)


def children(process: int) -> list[int]:
    """Processes that a process has started and that are still known, the first one first. Empty without Linux."""
    numbers = sorted(int(folder.name) for folder in Path('/proc').glob('[0-9]*'))
    return [number for number in numbers if _facts(number)[1:2] == [str(process)]]


def processor_seconds(process: int | str = 'self') -> float:
    """Seconds that all threads of a process have computed. 0 where there is no such process or no Linux."""
    return sum(map(int, _facts(process)[11:13])) / os.sysconf('SC_CLK_TCK')


def _facts(process: int | str) -> list[str]:
    """State, parent and what else ``/proc/<process>/stat`` says of a process; empty where there is none."""
    try:
        return Path(f'/proc/{process}/stat').read_text().rpartition(')')[2].split()
    except OSError:
        return []


def ended_seconds() -> float:
    """Seconds that the processes which this one has waited for computed: less than what passed on a busy machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
