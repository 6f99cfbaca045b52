"""Every job belongs to exactly one process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmp3d.apis import job_sharing
from mmp3d.apis.job_sharing import agreed, gathered, own_share


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
    assert agreed('this') == 'this'


def test_two_processes_that_see_different_files_have_the_same_jobs(tmp_path):
    folder = tmp_path / 'given'
    folder.mkdir()
    for name in 'abc':
        cv2.imwrite(str(folder / f'{name}.png'), np.zeros((4, 4, 3), np.uint8))
    script = Path(__file__).with_name('sharing_ranks.py')
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2', str(script)]
    done = subprocess.run(
        [*command, str(folder), str(tmp_path / 'out'), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (first, own), (second, others) = (json.loads((tmp_path / f'{rank}.json').read_text()) for rank in range(2))
    assert first == second == ['a', 'b', 'c']
    assert sorted(own + others) == first and own and others
