"""Several clips over the processes that a launcher started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from mmengine.dist import all_gather_object, barrier, broadcast_object_list, get_dist_info

from mmp3d.datasets.balanced_shares import owners

Job, Said = TypeVar('Job'), TypeVar('Said')


def own_share(jobs: Sequence[Job], lengths: Sequence[int]) -> list[Job]:
    """The jobs of this process: all of them where it is alone.

    The longest first, each goes to the process that has least to do; every process comes to the same division. Waits
    for all of them, so that none writes files while another still looks at which are there.

    Args:
        jobs: In the same order in all processes.
        lengths: What each takes, in any unit.
    """
    barrier()
    rank, processes = get_dist_info()
    # An unknown length counts as one, so that these are divided, too.
    shares = owners([max(length, 1) for length in lengths], processes)
    return [job for job, owner in zip(jobs, shares, strict=True) if owner == rank]


def agreed(said: Said) -> Said:
    """What the first process says, in all of them: files may not look alike from everywhere, nor at every moment.

    Args:
        said: Of this process; can be pickled.
    """
    answers = [said]
    broadcast_object_list(answers)
    return answers[0]


def gathered(statuses: Sequence[int]) -> list[int]:
    """The statuses of all processes; waits for the slowest one."""
    return [status for each in all_gather_object(list(statuses)) for status in each]
