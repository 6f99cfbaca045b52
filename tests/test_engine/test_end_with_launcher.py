"""A process ends when whoever started it is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mmp3d.engine import end_with_launcher as module

# Says that it is ready, then reads from a pipe that nobody writes to.
CHILD = """
import os, runpy
runpy.run_path({file!r})['end_with_launcher']()
print('ready', flush=True)
os.read(os.pipe()[0], 1)
"""
PARENT = """
import subprocess, sys
subprocess.run([sys.executable, '-c', {child!r}])
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='Linux alone tells a process of the end of its parent')
def test_the_child_of_a_killed_parent_ends() -> None:
    child = CHILD.format(file=str(Path(module.__file__)))
    parent = subprocess.Popen([sys.executable, '-c', PARENT.format(child=child)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout.readline() == 'ready\n'
    parent.kill()
    # The pipe closes when the child, which holds its other end, is gone.
    assert parent.communicate(timeout=60)[0] == ''
