"""Every job belongs to exactly one process."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.apis import job_sharing
from mmp3d.apis.job_sharing import gathered, own_share


def shares(jobs, lengths, processes):
    found = []
    for rank in range(processes):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(job_sharing, 'get_dist_info', lambda rank=rank: (rank, processes))
            found.append(own_share(jobs, lengths))
    return found


@given(st.lists(st.integers(0, 1000), max_size=12), st.integers(1, 4))
def test_each_job_is_done_once(lengths, processes):
    jobs = list(range(len(lengths)))
    assert sorted(job for share in shares(jobs, lengths, processes) for job in share) == jobs


def test_the_longest_is_not_joined_by_others():
    assert shares('abcd', [10, 90, 30, 20], 2) == [['b'], ['a', 'c', 'd']]


def test_unknown_lengths_are_divided():
    assert [len(share) for share in shares('abcd', [0, 0, 0, 0], 2)] == [2, 2]


def test_one_process_has_all_and_its_own_statuses():
    assert own_share(['a', 'b'], [1, 2]) == ['a', 'b']
    assert gathered([0, 3]) == [0, 3]
