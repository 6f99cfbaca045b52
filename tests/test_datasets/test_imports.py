"""The data sets work without mmpose's networks, so that no compiled operator is needed to read data."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
import mmp3d.datasets
found = [name for name in sys.modules if name.startswith(('mmpose.models', 'mmpose.apis'))]
assert not found, found
"""


def test_no_networks_are_imported():
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
