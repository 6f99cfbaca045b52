"""Workers of a data loader end when the process that they load for is killed."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Items that fill the pipe of the workers; says that it is ready, then reads from a pipe that nobody writes to.
LOADS = """
import os
from torch.utils.data import DataLoader
from mmp3d.engine.end_workers import end_workers_with_us

class Items:
    def __len__(self):
        return 100
    def __getitem__(self, index):
        return bytes(1 << 20)

end_workers_with_us()
items = iter(DataLoader(Items(), batch_size=None, num_workers=2))
next(items)
print('ready', flush=True)
os.read(os.pipe()[0], 1)
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='Linux alone tells a process of the end of its parent')
def test_workers_of_a_killed_process_end() -> None:
    process = subprocess.Popen([sys.executable, '-c', LOADS], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == 'ready\n'
    process.kill()
    # The pipe closes when the workers, which hold its other end, are gone.
    assert process.communicate(timeout=60)[0] == ''
