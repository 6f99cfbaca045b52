"""Run a tool that ends, as by a power cut, in the midst of writing a file.

python benchmarks/killed_in_writing.py N TOOL [ARGUMENTS]: half of the N-th file is written, then comes SIGKILL.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys

from mmengine.fileio import LocalBackend

import mmp3d  # noqa: F401  (prepares the host before mmengine is used)


def kill_in_writing(number: int) -> None:
    """From now on the number-th file that is written through mmengine's backend is the last one, and is half."""
    whole_put, written = LocalBackend.put, []

    def put(self: LocalBackend, obj: bytes | memoryview, filepath: str) -> None:
        written.append(filepath)
        if len(written) < number:
            whole_put(self, obj, filepath)
            return
        whole_put(self, bytes(obj)[: len(obj) // 2], filepath)
        os.kill(os.getpid(), signal.SIGKILL)

    LocalBackend.put = put


if __name__ == '__main__':
    kill_in_writing(int(sys.argv[1]))
    sys.argv = sys.argv[2:]
    sys.path.insert(0, os.path.dirname(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name='__main__')
